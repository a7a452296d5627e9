package contracts

import (
	"cmp"
	"context"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/suite"
)

func TestContracts(t *testing.T) {
	suite.Run(t, "contracts",
		suite.PrepareFor(boundsLabel, bounds()),
		suite.PrepareFor(machinesLabel, machines()),
		suite.PrepareFor(secretsLabel, machines()),
		suite.PrepareFor(rightsLabel, rights()),
		suite.PrepareFor(nomadLabel, fixtures.NomadConsul(servers)),
		suite.PrepareFor(routersLabel, routers()),
		suite.PrepareFor(serverLabel, fixtures.Server()),
		suite.PrepareFor(namesLabel, names()),
		suite.PrepareFor(questionsLabel, fixtures.QuestionsReplicating()),
		suite.PrepareFor(storeLabel, fixtures.Store()),
		suite.PrepareFor(relayLabel, fixtures.RelayAlone()),
		suite.PrepareFor(proxyLabel, fixtures.ProxyBesideCluster()),
		suite.PrepareFor(sitesLabel, sites()),
		suite.PrepareFor(drbdLabel, fixtures.DRBDPair()),
		suite.PrepareFor(ganetiLabel, fixtures.GanetiReplicating()),
		suite.PrepareFor(ganetiPairLabel, fixtures.GanetiPair()),
		suite.PrepareFor(k3sLabel, fixtures.K3sCluster(servers, 0)))
}

// large labels the labs whose images take long to build, or that take long to come up. `.ci/run` leaves them out, as
// `make contracts` does that is not asked for them. Every lab has a label of its own, and what has that needs its images.
const large = "large"

// The limits of a lab that does not say otherwise: partLimit bounds the contract of one part, readyLimit what it takes until the
// lab is at peace.
const (
	partLimit  = 3 * time.Minute
	readyLimit = 10 * time.Minute
)

// settle is longer than a process must have lived for a fingerprint to have it, which is 1 s: what a lab that is ready has only
// just started would seem to be the work of the part that is tested first.
const settle = 2 * time.Second

// parts are what runs through its contract on one lab, in this order: runbooks come late, since they may leave another lab than
// they found.
type parts struct {
	faults   []labtest.FaultCase
	probes   []labtest.ProbeCase
	ledgers  []labtest.LedgerCase
	runbooks []labtest.RunbookCase
	// sequence has parts that each need what the one before has left, and comes last.
	sequence []spec
	limit    time.Duration // of each; 0 means partLimit
}

// A spec is one part on a lab, or what has to be done for the next one.
type spec struct {
	text string
	test func(ctx context.Context, cluster *lab.Lab) error
}

func struck(c labtest.FaultCase) spec {
	return spec{"fault: " + c.Fault.Describe(), func(ctx context.Context, cluster *lab.Lab) error {
		return labtest.TestFault(ctx, cluster, c)
	}}
}

func asked(c labtest.ProbeCase) spec {
	return spec{"probe: " + c.Probe.Name(), func(ctx context.Context, cluster *lab.Lab) error {
		return labtest.TestProbe(ctx, cluster, c)
	}}
}

func written(c labtest.LedgerCase) spec {
	return spec{"ledger: " + c.Ledger.Name(), func(ctx context.Context, cluster *lab.Lab) error {
		return labtest.TestLedger(ctx, cluster, c)
	}}
}

func carriedOut(c labtest.RunbookCase) spec {
	return spec{"runbook: " + c.Runbook.Name(), func(ctx context.Context, cluster *lab.Lab) error {
		return labtest.TestRunbook(ctx, cluster, c)
	}}
}

// prepared is done for the parts behind it in a sequence, and tests nothing.
func prepared(what string, do func(ctx context.Context, cluster *lab.Lab) error) spec {
	return spec{"prepared: " + what, do}
}

// runs is a command that prepares something.
func runs(what, node string, argv ...string) spec {
	return prepared(what, func(ctx context.Context, cluster *lab.Lab) error {
		_, err := cluster.Exec(ctx, node, argv...)
		return err
	})
}

// specs are all parts, in their order.
func (p parts) specs() []spec {
	return slices.Concat(
		each(struck, p.faults), each(asked, p.probes), each(written, p.ledgers), each(carriedOut, p.runbooks), p.sequence)
}

func each[C any](made func(C) spec, cases []C) []spec {
	var specs []spec
	for _, one := range cases {
		specs = append(specs, made(one))
	}
	return specs
}

// run runs all of them on one lab of the topology, when it is ready. Made is given what the lab will be.
func run(
	topology harness.Topology, made func(cluster func() *lab.Lab) parts, ready func(ctx context.Context, cluster *lab.Lab) error,
) {
	var cluster *lab.Lab
	all := made(func() *lab.Lab { return cluster })
	BeforeAll(func(ctx SpecContext) {
		cluster = suite.Start(ctx, topology)
		Expect(ready(ctx, cluster)).To(Succeed())
		time.Sleep(settle)
	}, NodeTimeout(readyLimit))
	for _, one := range all.specs() {
		// It fails with the one sentence that says which point of the part's contract is broken.
		It(one.text, func(ctx SpecContext) {
			if broken := one.test(ctx, cluster); broken != nil {
				Fail(broken.Error())
			}
		}, Offset(1), SpecTimeout(cmp.Or(all.limit, partLimit)))
	}
}

// peace is a lab's readiness: the claims hold.
func peace(claims ...harness.Probe) func(ctx context.Context, cluster *lab.Lab) error {
	return func(ctx context.Context, cluster *lab.Lab) error {
		return waitForPeace.Until(ctx, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, oneLook)
			defer cancel()
			return harness.All(claims...).Check(ctx, cluster)
		})
	}
}

// waitForPeace is bounded by the context of who waits for it, and oneLook is the limit of one look.
var waitForPeace = harness.Wait{For: "the lab to be at peace", Interval: 200 * time.Millisecond}

const oneLook = 10 * time.Second
