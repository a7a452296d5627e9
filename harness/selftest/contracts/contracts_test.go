package contracts

import (
	"context"
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
		suite.PrepareFor(machinesLabel, machines()),
		suite.PrepareFor(nomadLabel, fixtures.NomadConsul(servers)),
		suite.PrepareFor(routersLabel, routers()),
		suite.PrepareFor(serverLabel, fixtures.Server()),
		suite.PrepareFor(questionsLabel, fixtures.QuestionsReplicating()))
}

// partLimit bounds the contract of one part, and readyLimit what it takes until a lab is at peace.
const (
	partLimit  = 3 * time.Minute
	readyLimit = 5 * time.Minute
)

// settle is longer than a process must have lived for a fingerprint to have it, which is 1 s: what a lab that is ready has only
// just started would seem to be the work of the part that is tested first.
const settle = 2 * time.Second

// parts are what runs through its contract on one lab, in this order: runbooks come last, since they may leave another lab than
// they found.
type parts struct {
	faults   []labtest.FaultCase
	probes   []labtest.ProbeCase
	ledgers  []labtest.LedgerCase
	runbooks []labtest.RunbookCase
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
	for _, c := range all.faults {
		keeps("fault: "+c.Fault.Describe(), func(ctx context.Context) error { return labtest.TestFault(ctx, cluster, c) })
	}
	for _, c := range all.probes {
		keeps("probe: "+c.Probe.Name(), func(ctx context.Context) error { return labtest.TestProbe(ctx, cluster, c) })
	}
	for _, c := range all.ledgers {
		keeps("ledger: "+c.Ledger.Name(), func(ctx context.Context) error { return labtest.TestLedger(ctx, cluster, c) })
	}
	for _, c := range all.runbooks {
		keeps("runbook: "+c.Runbook.Name(), func(ctx context.Context) error { return labtest.TestRunbook(ctx, cluster, c) })
	}
}

// keeps is the spec of one part: it fails with the one sentence that says which point of the part's contract is broken.
func keeps(part string, test func(ctx context.Context) error) {
	It(part, func(ctx SpecContext) {
		if broken := test(ctx); broken != nil {
			Fail(broken.Error())
		}
	}, Offset(1), SpecTimeout(partLimit))
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
