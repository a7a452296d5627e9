package virtualisation

import (
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/drbd"
	"github.com/reprise-dr/reprise/harness/systems/ganeti"
)

// fullPair labels what needs the pair of guests with Ganeti and DRBD, which is built once and takes minutes.
const fullPair = "full-pair"

// mirroredAgain is the target of a hypervisor that is installed from nothing, until every row is on two disks again. Most
// of it is the provider's.
var mirroredAgain = harness.Objective{RTO: time.Hour, RPO: 0, GiveUpAfter: time.Hour + time.Minute}

// servesAgain is when clients are to have their rows back: as soon as the survivor has taken over.
const servesAgain = 10 * time.Minute

var _ = Describe("A hypervisor with DRBD disks that is lost", Label("ganeti", "drbd", fullPair, "nightly", postmortem), func() {
	It("is replaced by the survivor, installed from nothing, and given its copy of every disk again", func(ctx SpecContext) {
		drill := beginFullPair(ctx, mirroredAgain)
		Expect(drill.Baseline(ctx, drill.steady)).To(Succeed())
		Expect(drill.Milestones(ctx, harness.Milestone{
			Name: "the survivor serves", Within: servesAgain, Claims: harness.All(drbd.Serves(drill.pair)),
		})).To(Succeed())
		Expect(drill.StartWriting(ctx, drill.rows)).To(Succeed())
		By("losing the power of the one that is master and runs the instance")
		Expect(drill.Inject(ctx, fault.PowerLoss{Node: node1})).To(Succeed())
		Expect(drill.Detect(ctx, drill.steady)).To(Succeed())
		By("making sure that it is off, and having " + node2 + " take over without a vote")
		Expect(drill.Repair(ctx, runbook.PowerOff{Node: node1})).To(Succeed())
		Expect(drill.Repair(ctx, forced()...)).To(Succeed())
		Expect(drill.Repair(ctx,
			ganeti.Retry(drill.cluster.On(node2).Offline(node1)),
			ganeti.Retry(drill.cluster.On(node2).NodeFailover(node1)),
		)).To(Succeed())
		By("waiting until clients have their rows again: the half hour that the provider takes begins after that")
		Expect(drill.AwaitUp(ctx, drbd.Serves(drill.pair))).To(Succeed())
		By("having " + node1 + " installed from nothing, and adding it again")
		Expect(drill.Repair(ctx,
			ganeti.Reinstall(node1, installing),
			drill.cluster.On(node2).Readd(node1),
		)).To(Succeed())
		By("giving it a copy of the disk: it is refused before the disk is activated")
		Expect(drill.Repair(ctx,
			runbook.ExpectError{
				Runbook: ganeti.Retry(drill.cluster.On(node2).ReplaceSecondaryDisks(drill.wiki())),
				With:    ganeti.MissingDisk,
			},
			ganeti.Retry(drill.cluster.On(node2).ActivateDisks(drill.wiki())),
			ganeti.Retry(drill.cluster.On(node2).ReplaceDisks(drill.wiki())),
		)).To(Succeed())
		By("removing the two lines, now that there is somebody to vote")
		Expect(drill.Repair(ctx, ganeti.RequireVoting(node2))).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, drill.steady)).To(Succeed())
		Expect(drill.Reconcile(ctx, drill.rows)).To(Succeed())
		Expect(drill.lostRows()).To(BeZero())
		drill.tellPrimaries()
		Expect(drill.Judge()).To(Succeed())
		Expect(drill.Record().Judgement.RecoveredBy).To(Equal(harness.ByRunbook))
	}, SpecTimeout(75*time.Minute))
})

// A fullStory is a drill on two hypervisors that are virtual machines, with an instance whose disk is on both.
type fullStory struct {
	*pairStory
	cluster ganeti.Cluster
}

// beginFullPair has both hypervisors go on from their snapshot, and watches who may write.
func beginFullPair(ctx SpecContext, objective harness.Objective) *fullStory {
	GinkgoHelper()
	began := time.Now()
	drill := suite.Begin(ctx, fixtures.GanetiPair(), objective)
	pair, err := drbd.PairAmong(drill.Lab.Topology(), ganeti.Role)
	Expect(err).NotTo(HaveOccurred())
	s := &fullStory{storyOf(drill, pair), fullCluster()}
	Expect(drill.Expect(drift.Planned{
		Node: node1, Kind: harness.KindProcess, Key: "root qemu-system-x86_64 **",
		Because: "a machine that was installed anew does not go on from the snapshot",
	})).To(Succeed())
	By("waiting until the instance serves from its disk, and each of the two knows what time it is")
	Expect(restored.Until(ctx, func(ctx context.Context) error { return s.look(ctx, drbd.Serves(pair)) })).To(Succeed())
	s.Finding(fmt.Sprintf("the pair served %.1f s after the lab was begun", time.Since(began).Seconds()))
	Expect(restored.Until(ctx, s.settled)).To(Succeed())
	Expect(ganeti.Agreed(node1, node2).Check(ctx, drill.Lab)).To(Succeed())
	Expect(drill.Watch(ctx, pair.Primaries()...)).To(Succeed())
	return s
}

// fullCluster is what the operators of the pair know of it.
func fullCluster() ganeti.Cluster {
	return ganeti.Cluster{
		Name: fixtures.GanetiPairCluster, Address: fixtures.GanetiPairAddress(), Card: fixtures.GanetiPairCard,
		Nodes:     []string{node1, node2},
		Instances: []ganeti.Instance{{Name: fixtures.GanetiPairInstance, Address: fixtures.GanetiPairInstanceAddress(), Node: node1}},
	}
}

// wiki is the instance.
func (s *fullStory) wiki() ganeti.Instance { return s.cluster.Instances[0] }

// restored allows for a busy machine that has to read two machines' memory.
var restored = harness.Wait{For: "the pair to go on", Interval: 200 * time.Millisecond, Limit: 3 * time.Minute}

// lookLimit is what one look may take: a machine that does not go on yet is given connections, and lets them wait for seconds.
const lookLimit = 2 * time.Second

// look is nil when all of these hold.
func (s *fullStory) look(ctx context.Context, probes ...harness.Probe) error {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	for _, probe := range probes {
		if err := probe.Check(ctx, s.Lab); err != nil {
			return fmt.Errorf("%s: %w", probe.Name(), err)
		}
	}
	return nil
}

// clockError is the most that the clock of a machine may be wrong that was told the time when it went on.
const clockError = 10 * time.Second

// settled is nil when what the snapshot has kept has caught up with the present: both disks have the same, and
// both clocks are right.
func (s *fullStory) settled(ctx context.Context) error {
	if err := s.look(ctx, s.steady...); err != nil {
		return err
	}
	for _, node := range s.cluster.Nodes {
		said, err := s.Lab.Exec(ctx, node, "date", "+%s")
		if err != nil {
			return err
		}
		at, err := time.ParseDuration(strings.TrimSpace(string(said)) + "s")
		if err != nil {
			return err
		}
		if off := time.Since(time.Unix(0, 0).Add(at)); off.Abs() > clockError {
			return fmt.Errorf("the clock of %s is %v behind", node, off)
		}
	}
	return nil
}

// tellPrimaries proves that the two never wrote at the same time, and that the instance runs where its operator has put it.
func (s *fullStory) tellPrimaries() {
	GinkgoHelper()
	two, err := s.pair.TwoPrimaries(s.Record())
	Expect(err).NotTo(HaveOccurred())
	Expect(two).To(BeZero(), "both might write at the same time")
	survivor := s.SLI(s.pair.Primaries()[1]).Intervals
	Expect(survivor).NotTo(BeEmpty())
	Expect(survivor[len(survivor)-1].Up).To(BeTrue(), node2+" does not have the instance's disk at the end")
}
