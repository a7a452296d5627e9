package verdicts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/consul"
)

// A drillRun is a drill under way, and what it knows besides the record.
type drillRun struct {
	*suite.Drill
	plan            plan
	recordingLedger *recordingLedger
	roles           map[role]string

	began, ended time.Time // the fault struck between them
	lost         []int     // entries that were deleted on purpose
}

// node is the server that has a role.
func (s *drillRun) node(who role) string {
	if node, known := s.roles[who]; known {
		return node
	}
	Fail(fmt.Sprintf("nobody plays %q yet", who))
	return ""
}

// problem prints what did not end well. Whether it should have shows in what comes of the drill.
func (s *drillRun) problem(err error) {
	if err != nil {
		GinkgoWriter.Printf("%v\n", err)
	}
}

// perform plays a drill and holds what came of it against what is known.
func perform(ctx SpecContext, drawn drawn) {
	s := &drillRun{Drill: suite.Begin(ctx, fixtures.ConsulServers(servers), drawn.objective), plan: drawn.plan}
	s.Claim(drawn.known.verdict, "the outcome is known: "+drawn.family.name, drawn.known.misses...)
	s.prepareDrill(ctx)
	secondObserver := startObserver(ctx, s.Lab, s.plan.steady)
	s.inject(ctx)
	recovery := s.recover(ctx)
	secondObserver.stop()
	s.settle(ctx, recovery)
	s.problem(s.Judge())
	found := compare(drawn.known, s.Record(), s.facts(secondObserver))
	s.Finding(found.sentence())
	AddReportEntry("outcome", found.sentence(), ReportEntryVisibilityFailureOrVerbose)
	Expect(found.wrong).To(BeEmpty(), "the judge said %+v", s.Record().Judgement)
}

// prepareDrill proves the peace and everything up to the fault.
func (s *drillRun) prepareDrill(ctx context.Context) {
	if s.plan.prepare != nil {
		Expect(s.plan.prepare(ctx, s)).To(Succeed())
	}
	if len(s.plan.spared) > 0 {
		Expect(s.Unaffected(ctx, s.plan.spared...)).To(Succeed())
	}
	Expect(s.Baseline(ctx, s.plan.steady)).To(Succeed())
	s.assignRoles(ctx)
	if s.plan.objective.NoData {
		return
	}
	ledger := consul.KV(ledgerPrefix)
	if s.plan.ledger != nil {
		ledger = s.plan.ledger(ledger)
	}
	s.recordingLedger = copied(ledger)
	Expect(s.StartWriting(ctx, harness.Ledgers(s.recordingLedger))).To(Succeed())
}

// assignRoles looks who leads.
func (s *drillRun) assignRoles(ctx context.Context) {
	leader, err := consul.LeaderNode(ctx, s.Lab)
	Expect(err).NotTo(HaveOccurred())
	s.roles = map[role]string{theLeader: leader}
	for _, node := range s.Lab.Topology().Nodes {
		switch {
		case node.Name == leader:
		case s.roles[theFollower] == "":
			s.roles[theFollower] = node.Name
		default:
			s.roles[theOther] = node.Name
		}
	}
}

// inject brings the fault about.
func (s *drillRun) inject(ctx context.Context) {
	if s.plan.second != nil {
		cause, moment := s.plan.second(s)
		Expect(s.DuringRecovery(cause, moment)).To(Succeed())
	}
	if s.plan.beforeFault != nil {
		Expect(s.plan.beforeFault(ctx, s)).To(Succeed())
	}
	Expect(waitUntil(ctx, time.Now().Add(s.plan.pause))).To(Succeed())
	s.problem(s.Inject(ctx, timed{s.plan.fault(s), s}))
	s.problem(s.plan.stall.begin(ctx))
}

// recover goes from the failure to the recovery, or to where there is none. Its error says why there
// was nothing to recover from.
func (s *drillRun) recover(ctx context.Context) error {
	if err := s.Detect(ctx, s.plan.steady); err != nil {
		s.problem(err)
		return err
	}
	if s.plan.repair != nil {
		s.problem(s.Repair(ctx, s.plan.repair(s)...))
	}
	if s.plan.revert > 0 {
		s.problem(waitUntil(ctx, s.ended.Add(s.plan.revert)))
		s.problem(s.Revert(ctx))
	}
	s.problem(s.AwaitRecovery(ctx, s.plan.steady))
	return nil
}

// settle looks what became of the data.
func (s *drillRun) settle(ctx context.Context, recovery error) {
	if s.plan.after != nil && recovery == nil {
		Expect(s.plan.after(ctx, s)).To(Succeed())
	}
	if s.recordingLedger != nil {
		s.problem(s.Reconcile(ctx, harness.Ledgers(s.recordingLedger)))
	}
}

// A stall keeps the harness itself from running: nobody looks.
type stall struct{ after, length time.Duration }

// begin has a child stop this process, and let it go on.
func (s stall) begin(ctx context.Context) error {
	if s.length == 0 {
		return nil
	}
	script := fmt.Sprintf("sleep %.2f; kill -STOP %d; sleep %.2f; kill -CONT %[2]d", s.after.Seconds(), os.Getpid(),
		s.length.Seconds())
	// It has to outlive the context: a process that is stopped cannot end it.
	child := exec.CommandContext(context.WithoutCancel(ctx), "sh", "-c", script)
	if err := child.Start(); err != nil {
		return fmt.Errorf("stall the harness: %w", err)
	}
	DeferCleanup(func() { _ = child.Wait() })
	return nil
}
