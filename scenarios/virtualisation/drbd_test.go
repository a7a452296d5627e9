package virtualisation

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/drbd"
)

// drbdBeat covers DRBD's slowest beat, which is how often a side tries to connect: 3 s. A repeated drill strikes
// anywhere in it.
const drbdBeat = 3 * time.Second

// guestMemory is the most that the container of a guest may take.
const guestMemory = 250 << 20

// A pairStory is a drill on two machines with one replicated disk.
type pairStory struct {
	*suite.Drill
	pair   drbd.Pair
	steady harness.SteadyState
	rows   []harness.Ledger
}

// storyOf is a drill on a pair that serves, every row of which is on both disks.
func storyOf(drill *suite.Drill, pair drbd.Pair) *pairStory {
	steady := append(harness.All(drbd.Serves(pair), drbd.OnePrimary(pair)), pair.InSync()...)
	return &pairStory{drill, pair, steady, harness.Ledgers(drbd.Rows(pair))}
}

// beginPair brings both guests up, has the first one serve, and watches who may write.
func beginPair(ctx SpecContext, objective harness.Objective) *pairStory {
	GinkgoHelper()
	drill := suite.Begin(ctx, fixtures.DRBDPair(), objective, suite.PhaseSpan(drbdBeat))
	pair, err := drbd.PairOf(drill.Lab.Topology())
	Expect(err).NotTo(HaveOccurred())
	By("giving both guests the disk, as an administrator does, and having " + pair.First + " serve")
	Expect(drbd.Prepare(ctx, drill.Lab, pair)).To(Succeed())
	Expect(drill.Watch(ctx, pair.Primaries()...)).To(Succeed())
	return storyOf(drill, pair)
}

// breaks proves the steady state, writes through everything that follows, injects the fault and sees it bite.
func (s *pairStory) breaks(ctx context.Context, cause harness.Fault) {
	GinkgoHelper()
	Expect(s.Baseline(ctx, s.steady)).To(Succeed())
	Expect(s.StartWriting(ctx, s.rows)).To(Succeed())
	Expect(s.Inject(ctx, cause)).To(Succeed())
	Expect(s.Detect(ctx, s.steady)).To(Succeed())
}

// recovers waits for the steady state, counts what was lost, and keeps the figures that every drill with guests has.
func (s *pairStory) recovers(ctx context.Context) {
	GinkgoHelper()
	Expect(s.AwaitRecovery(ctx, s.steady)).To(Succeed())
	Expect(s.Reconcile(ctx, s.rows)).To(Succeed())
	two, err := s.pair.TwoPrimaries(s.Record())
	Expect(err).NotTo(HaveOccurred())
	s.Finding(fmt.Sprintf("both guests might write at the same time for %.1f s after t0", two.Seconds()))
	for _, node := range s.pair.Both() {
		used, err := s.Lab.Memory(ctx, node)
		Expect(err).NotTo(HaveOccurred())
		Expect(used).To(BeNumerically("<", guestMemory), node+" takes more memory than it may")
		s.Finding(fmt.Sprintf("the container of %s takes %d MiB of memory", node, used>>20))
	}
	Expect(s.Judge()).To(Succeed())
}

// lostRows are how many acknowledged rows were lost.
func (s *pairStory) lostRows() int { return s.Record().Ledgers[0].Lost }
