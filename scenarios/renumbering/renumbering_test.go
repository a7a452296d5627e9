// Package renumbering replays a provider's change of every prefix at once (a non-profit host,
// 2020-01-20) on a Nomad and Consul cluster that talks over IPv6. README.md ties each statement of
// the postmortem to the spec that proves it.
package renumbering

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/consul"
	"github.com/reprise-dr/reprise/harness/systems/nomad"
)

func TestRenumbering(t *testing.T) {
	suite.Run(t, "renumbering",
		suite.Prepare(fixtures.NomadConsul(3)),
		suite.PrepareFor("raft-v2", fixtures.NomadConsulRaft2(3)),
		suite.PrepareFor(dnsLabel, named(fixtures.DNSOptions{TTL: time.Hour, MachineTTL: time.Hour})),
		suite.PrepareFor(store, fixtures.Store()),
		suite.PrepareFor(announced, fixtures.RelayAlone()),
		suite.PrepareFor(throughTraefik, proxyByName()),
		suite.PrepareFor(wholeNight, fixtures.Night()))
}

// canaryPort is where the job serves HTTP.
const canaryPort = 8080

// postmortem labels the specs that `make repro` replays.
const postmortem = "2020-01-20-ip-renumbering"

// everyPrefix is the fault of the postmortem: every node moves to new prefixes at one instant.
var everyPrefix = fault.Renumbering{
	Into:     netip.MustParsePrefix("fd00:d2::/64"),
	IntoIPv4: netip.MustParsePrefix("10.201.2.0/24"),
}

// tenMinutes is the target for a procedure that an operator knows: the postmortem's own took an evening.
var tenMinutes = harness.Objective{RTO: 10 * time.Minute, RPO: 0}

// watchedBriefly is the target where the claim is that nothing comes back. It is watched for long
// after the procedure is over: enough for thirty elections, short enough for a person to watch. A cluster that never
// answers cannot be asked what it kept, so nothing is claimed about data.
var watchedBriefly = harness.Objective{RTO: 30 * time.Second, GiveUpAfter: 60 * time.Second, NoData: true}

// wholeCluster is what holds in peace: both clusters agree on a leader, the job runs, and clients
// who ask for it by name get an answer.
func wholeCluster() harness.SteadyState {
	return harness.All(consul.Quorum(3), nomad.Quorum(3), nomad.Running(nomad.CanaryName), byName())
}

// The three kinds of clients: one who always knows where to look, one who wrote the address down,
// and one who asks Consul for the name.
func byNewAddress() harness.Probe { return nomad.Answers(nomad.CanaryName, canaryPort) }
func byOldAddress() harness.Probe { return nomad.AnswersPinned(nomad.CanaryName, canaryPort) }
func byName() harness.Probe       { return consul.AnswersByName(nomad.CanaryName, canaryPort) }

// begin brings the cluster up with the canary job running in it.
func begin(ctx SpecContext, topology harness.Topology, objective harness.Objective) *suite.Drill {
	GinkgoHelper()
	drill := suite.Begin(ctx, topology, objective)
	audit(drill)
	By("running a job that serves HTTP")
	Expect(nomad.Run(ctx, drill.Lab, nomad.Canary(canaryPort))).To(Succeed())
	return drill
}

// writesTo are the ledgers of a cluster: Consul's KV store, and what Nomad of that generation can keep.
func writesTo(raftProtocol int) []harness.Ledger {
	if raftProtocol == 2 { // Nomad 1.3 has no variables
		return harness.Ledgers(consul.KV("drill"), nomad.Jobs("drill"))
	}
	return harness.Ledgers(consul.KV("drill"), nomad.Variables("drill"))
}

// registersOf are the registers that several clients read and write at the same time.
func registersOf(raftProtocol int) []harness.Register {
	if raftProtocol == 2 {
		return []harness.Register{consul.Register("drill/register")}
	}
	return []harness.Register{consul.Register("drill/register"), nomad.Register("drill/register")}
}

// renumber is the story up to the moment an operator is called: peace, writes, every address gone.
func renumber(ctx SpecContext, drill *suite.Drill, steady harness.SteadyState, writes ...harness.Ledger) {
	GinkgoHelper()
	By("proving the steady state, then writing through everything that follows")
	Expect(drill.Baseline(ctx, steady)).To(Succeed())
	if len(writes) > 0 {
		Expect(drill.StartWriting(ctx, writes)).To(Succeed())
	}
	By("moving every node to new prefixes at once")
	Expect(drill.Inject(ctx, everyPrefix)).To(Succeed())
	Expect(drill.Detect(ctx, steady)).To(Succeed())
}

// keepLogLine finds the text in what a node has printed since then and keeps the line as evidence.
func keepLogLine(ctx context.Context, drill *suite.Drill, node string, since time.Time, text string) {
	GinkgoHelper()
	lines, err := runbook.LogLines(ctx, drill.Lab, node, since, text)
	Expect(err).NotTo(HaveOccurred())
	Expect(lines).NotTo(BeEmpty(), "%s never said %q", node, text)
	drill.Observe(text, node, lines[0].Text)
}

// A process is what the job says of itself: the same answer before and after is the same process.
type process struct {
	PID        int       `json:"pid"`
	Started    time.Time `json:"started"`
	Allocation string    `json:"allocation"`
}

// canaryProcess asks the job, from its own node, which process serves it.
func canaryProcess(ctx context.Context, drill *suite.Drill) process {
	GinkgoHelper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/", canaryPort), nil)
	Expect(err).NotTo(HaveOccurred())
	response, err := harness.HTTPClient(drill.Lab, "client-1").Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	var answer process
	Expect(json.NewDecoder(response.Body).Decode(&answer)).To(Succeed())
	Expect(answer.Allocation).NotTo(BeEmpty(), "the job does not say which allocation it is")
	return answer
}
