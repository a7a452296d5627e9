package questions

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/postgres"
	"github.com/reprise-dr/reprise/harness/systems/s3"
)

func TestQuestions(t *testing.T) {
	suite.Run(t, "questions", suite.Prepare(fixtures.Questions()))
}

// switchedOn is the target for a machine that is switched on again: it starts in seconds.
var switchedOn = harness.Objective{RTO: 30 * time.Second}

var _ = Describe("What a probe can ask", func() {
	DescribeTable("goes unanswered while its server has no power, and is answered again after", func(ctx SpecContext, lost server) {
		objective := switchedOn
		objective.NoData = len(lost.writes) == 0
		drill := suite.Begin(ctx, fixtures.Questions(), objective)
		prepare(ctx, drill)
		steady := harness.All(lost.questions...)

		By("proving the steady state, and naming everybody else's questions as unaffected")
		Expect(drill.Unaffected(ctx, questionsOfOthers(lost)...)).To(Succeed())
		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		if !objective.NoData {
			Expect(drill.StartWriting(ctx, lost.writes)).To(Succeed())
		}
		By("taking the power of one server away")
		Expect(drill.Inject(ctx, fault.PowerLoss{Node: lost.node})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("pressing its power button")
		Expect(drill.Repair(ctx, runbook.PowerOn{Node: lost.node})).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		if !objective.NoData {
			Expect(drill.Reconcile(ctx, lost.writes)).To(Succeed())
		}
		Expect(drill.Judge()).To(Succeed())

		By("looking whether every question saw the server go and come back")
		for _, question := range lost.questions {
			Expect(outages(drill, question)).To(ContainElement(HaveField("Returned", BeTrue())), "%s saw nothing", question.Name())
		}
	},
		Entry("SQL: a SELECT, and the rows that were committed", Label("postgres"), sql, SpecTimeout(3*time.Minute)),
		Entry("S3: reading an object, and the objects that were acknowledged", Label("s3"), objectStore, SpecTimeout(3*time.Minute)),
		Entry("DNS: A and AAAA records, of one resolver", Label("dns"), nameServer, SpecTimeout(3*time.Minute)),
		Entry("HTTP, TCP and ICMP echo, over both families", site, SpecTimeout(3*time.Minute)),
	)
})

// A server is one node and everything that can be asked of it.
type server struct {
	node      string
	questions []harness.Probe
	writes    []harness.Ledger
}

// Where the servers keep what the drills write.
var (
	database = postgres.Database{Node: fixtures.QuestionsSQL}
	bucket   = s3.Bucket{
		Node: fixtures.QuestionsS3, Port: fixtures.QuestionsS3Port, Name: "drill",
		AccessKey: fixtures.QuestionsS3Access, SecretKey: fixtures.QuestionsS3Secret,
	}
)

var sql = server{
	node:      fixtures.QuestionsSQL,
	questions: harness.All(postgres.Answers(database)),
	writes:    harness.Ledgers(postgres.Table(database, "drill")),
}

var objectStore = server{
	node:      fixtures.QuestionsS3,
	questions: harness.All(s3.Answers(bucket)),
	writes:    harness.Ledgers(s3.Objects(bucket, "ledger")),
}

var nameServer = server{
	node:      fixtures.QuestionsDNS,
	questions: harness.All(resolves("A"), resolves("AAAA")),
}

var site = server{
	node: fixtures.QuestionsSite,
	questions: harness.All(
		asked("the site answers over HTTP", fixtures.QuestionsSite, func(now harness.Addresses) harness.Check {
			return harness.Check{HTTP: &harness.HTTPCheck{
				At:       netip.AddrPortFrom(now.IPv6, fixtures.QuestionsSitePort),
				Contains: `"pid"`,
			}}
		}),
		asked("the site accepts connections over IPv4", fixtures.QuestionsSite, func(now harness.Addresses) harness.Check {
			return harness.Check{TCP: &harness.TCPCheck{At: netip.AddrPortFrom(now.IPv4, fixtures.QuestionsSitePort)}}
		}),
		asked("the site's machine echoes over IPv6", fixtures.QuestionsSite, func(now harness.Addresses) harness.Check {
			return harness.Check{Ping: &harness.PingCheck{At: now.IPv6}}
		}),
		asked("the site's machine echoes over IPv4", fixtures.QuestionsSite, func(now harness.Addresses) harness.Check {
			return harness.Check{Ping: &harness.PingCheck{At: now.IPv4}}
		}),
	),
}

// dnsPort is where resolvers answer.
const dnsPort = 53

// resolves claims that the resolver gives the site's address for its name, of the type's family.
func resolves(kind string) harness.Probe {
	return probe.NetworkProbe{
		Label: "the site's name has its " + kind + " record",
		Checks: func(observer harness.Observer) (harness.Check, error) {
			resolver, err := observer.Addresses(fixtures.QuestionsDNS)
			if err != nil {
				return harness.Check{}, err
			}
			want, err := observer.Addresses(fixtures.QuestionsSite)
			if err != nil {
				return harness.Check{}, err
			}
			question := harness.DNSCheck{Resolver: netip.AddrPortFrom(resolver.IPv6, dnsPort), Name: fixtures.QuestionsName +
				".", Type: kind, Want: want.IPv6}
			if kind == "A" {
				question.Want = want.IPv4
			}
			return harness.Check{DNS: &question}, nil
		},
	}
}

// asked is a question to where the node is now.
func asked(label, node string, question func(harness.Addresses) harness.Check) harness.Probe {
	return probe.NetworkProbe{Label: label, Checks: func(observer harness.Observer) (harness.Check, error) {
		now, err := observer.Addresses(node)
		return question(now), err
	}}
}

// prepare makes the table and the bucket that are asked for and written into.
func prepare(ctx context.Context, drill *suite.Drill) {
	GinkgoHelper()
	By("waiting for the servers, and making a table and a bucket")
	Expect(awaitServers.Until(ctx, func(ctx context.Context) error {
		return postgres.CreateTable(ctx, drill.Lab, database, "drill")
	})).To(Succeed())
	Expect(awaitServers.Until(ctx, func(ctx context.Context) error {
		return s3.CreateBucket(ctx, drill.Lab, bucket)
	})).To(Succeed())
}

// awaitServers allows for servers that have only just been started.
var awaitServers = harness.Wait{For: "the server to take its first order", Interval: 100 * time.Millisecond, Limit: time.Minute}

// questionsOfOthers are what is asked of all servers but one.
func questionsOfOthers(one server) []harness.Probe {
	var questions []harness.Probe
	for _, other := range []server{sql, objectStore, nameServer, site} {
		if other.node != one.node {
			questions = append(questions, other.questions...)
		}
	}
	return questions
}

// outages are what one SLI suffered after t0.
func outages(drill *suite.Drill, asked harness.Probe) []harness.Outage {
	return slices.DeleteFunc(slices.Clone(drill.Record().Judgement.Outages), func(outage harness.Outage) bool {
		return outage.SLI != asked.Name()
	})
}
