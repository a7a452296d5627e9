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

// A stage is a drill under way, and what it knows besides the record.
type stage struct {
	*suite.Drill
	story    story
	copybook *copybook
	cast     map[part]string

	began, ended time.Time // the fault struck between them
	lost         []int     // entries that were deleted on purpose
}

// node is the server that plays a part.
func (s *stage) node(who part) string {
	if node, known := s.cast[who]; known {
		return node
	}
	Fail(fmt.Sprintf("nobody plays %q yet", who))
	return ""
}

// problem prints what did not end well. Whether it should have shows in what comes of the drill.
func (s *stage) problem(err error) {
	if err != nil {
		GinkgoWriter.Printf("%v\n", err)
	}
}

// perform plays a drill and holds what came of it against what is known.
func perform(ctx SpecContext, drawn drawn) {
	s := &stage{Drill: suite.Begin(ctx, fixtures.ConsulServers(servers), drawn.objective), story: drawn.story}
	s.Claim(drawn.known.verdict, "the outcome is known: "+drawn.family.name, drawn.known.misses...)
	s.play(ctx)
	witness := summon(ctx, s.Lab, s.story.steady)
	s.inject(ctx)
	recovery := s.recover(ctx)
	witness.dismiss()
	s.settle(ctx, recovery)
	s.problem(s.Judge())
	found := compare(drawn.known, s.Record(), s.facts(witness))
	s.Finding(found.sentence())
	AddReportEntry("outcome", found.sentence(), ReportEntryVisibilityFailureOrVerbose)
	Expect(found.wrong).To(BeEmpty(), "the judge said %+v", s.Record().Judgement)
}

// play proves the peace and everything up to the fault.
func (s *stage) play(ctx context.Context) {
	if s.story.prepare != nil {
		Expect(s.story.prepare(ctx, s)).To(Succeed())
	}
	if len(s.story.spared) > 0 {
		Expect(s.Unaffected(ctx, s.story.spared...)).To(Succeed())
	}
	Expect(s.Baseline(ctx, s.story.steady)).To(Succeed())
	s.castParts(ctx)
	if s.story.objective.NoData {
		return
	}
	ledger := consul.KV(ledgerPrefix)
	if s.story.ledger != nil {
		ledger = s.story.ledger(ledger)
	}
	s.copybook = copied(ledger)
	Expect(s.StartWriting(ctx, harness.Ledgers(s.copybook))).To(Succeed())
}

// castParts looks who leads.
func (s *stage) castParts(ctx context.Context) {
	leader, err := consul.LeaderNode(ctx, s.Lab)
	Expect(err).NotTo(HaveOccurred())
	s.cast = map[part]string{theLeader: leader}
	for _, node := range s.Lab.Topology().Nodes {
		switch {
		case node.Name == leader:
		case s.cast[theFollower] == "":
			s.cast[theFollower] = node.Name
		default:
			s.cast[theOther] = node.Name
		}
	}
}

// inject brings the fault about.
func (s *stage) inject(ctx context.Context) {
	if s.story.second != nil {
		cause, moment := s.story.second(s)
		Expect(s.DuringRecovery(cause, moment)).To(Succeed())
	}
	if s.story.spoil != nil {
		Expect(s.story.spoil(ctx, s)).To(Succeed())
	}
	Expect(waitUntil(ctx, time.Now().Add(s.story.lull))).To(Succeed())
	s.problem(s.Inject(ctx, timed{s.story.fault(s), s}))
	s.problem(s.story.stall.begin(ctx))
}

// recover goes from the failure to the recovery, or to where there is none. Its error says why there
// was nothing to recover from.
func (s *stage) recover(ctx context.Context) error {
	if err := s.Detect(ctx, s.story.steady); err != nil {
		s.problem(err)
		return err
	}
	if s.story.repair != nil {
		s.problem(s.Repair(ctx, s.story.repair(s)...))
	}
	if s.story.revert > 0 {
		s.problem(waitUntil(ctx, s.ended.Add(s.story.revert)))
		s.problem(s.Revert(ctx))
	}
	s.problem(s.AwaitRecovery(ctx, s.story.steady))
	return nil
}

// settle looks what became of the data.
func (s *stage) settle(ctx context.Context, recovery error) {
	if s.story.after != nil && recovery == nil {
		Expect(s.story.after(ctx, s)).To(Succeed())
	}
	if s.copybook != nil {
		s.problem(s.Reconcile(ctx, harness.Ledgers(s.copybook)))
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
