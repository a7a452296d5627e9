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
	suite.Run(t, "contracts", suite.Prepare(machines()), suite.Prepare(fixtures.NomadConsul(servers)), suite.Prepare(routers()))
}

// partLimit bounds the contract of one part, and readyLimit what it takes until a lab is at peace.
const (
	partLimit  = 3 * time.Minute
	readyLimit = 5 * time.Minute
)

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
	}, NodeTimeout(readyLimit))
	for _, c := range all.faults {
		It("fault: "+c.Fault.Describe(), func(ctx SpecContext) {
			expectKept(labtest.TestFault(ctx, cluster, c))
		}, SpecTimeout(partLimit))
	}
	for _, c := range all.probes {
		It("probe: "+c.Probe.Name(), func(ctx SpecContext) {
			expectKept(labtest.TestProbe(ctx, cluster, c))
		}, SpecTimeout(partLimit))
	}
	for _, c := range all.ledgers {
		It("ledger: "+c.Ledger.Name(), func(ctx SpecContext) {
			expectKept(labtest.TestLedger(ctx, cluster, c))
		}, SpecTimeout(partLimit))
	}
	for _, c := range all.runbooks {
		It("runbook: "+c.Runbook.Name(), func(ctx SpecContext) {
			expectKept(labtest.TestRunbook(ctx, cluster, c))
		}, SpecTimeout(partLimit))
	}
}

// expectKept fails the spec with the one sentence that says which point of a contract is broken.
func expectKept(broken error) {
	GinkgoHelper()
	if broken != nil {
		Fail(broken.Error())
	}
}
