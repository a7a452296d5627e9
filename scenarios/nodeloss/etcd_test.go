package nodeloss

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/k3s"
)

// snapshotInterval is how often k3s saves a snapshot of its etcd by default: what may be lost at worst.
const snapshotInterval = 12 * time.Hour

// survivor is the server that stays when others are lost.
const survivor = "server-1"

var _ = Describe("Three servers with embedded etcd", Label("k3s", "etcd"), func() {
	DescribeTable("lose one and no acknowledged write", func(ctx SpecContext, lose fault.Loss) {
		drill := begin(ctx, fixtures.K3sCluster(3, 0), harness.Objective{RTO: 2 * time.Minute}, 0)
		steady, writes := harness.All(cluster.Answers(), apiAt("server-3")), harness.Ledgers(cluster.ConfigMaps("drill"))
		lost := apiAt("server-3")
		Expect(drill.Watch(ctx, apiAt(survivor), apiAt("server-2"))).To(Succeed())

		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		Expect(drill.StartWriting(ctx, writes)).To(Succeed())
		Expect(drill.Inject(ctx, lose("server-3"))).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("pressing its power button")
		Expect(drill.Repair(ctx, runbook.PowerOn{Node: "server-3"})).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		drill.Finding("the lost server's clients were told first: " + firstError(drill, lost))
	},
		Entry("processes killed", fault.Loss(fault.Killed), SpecTimeout(8*time.Minute)),
		Entry("power lost", fault.Loss(fault.Unpowered), SpecTimeout(8*time.Minute)),
	)

	DescribeTable("lose two, and are brought back by cluster-reset from the last snapshot", func(ctx SpecContext, lose fault.Loss) {
		drill := begin(ctx, fixtures.K3sCluster(3, 0), harness.Objective{RTO: 10 * time.Minute, RPO: snapshotInterval}, 0)
		steady, writes := harness.All(cluster.Answers(), cluster.EtcdVoters(3), cluster.NodesReady(3)),
			harness.Ledgers(cluster.ConfigMaps("drill"))

		snapshot := loseTwo(ctx, drill, lose, steady, writes)
		By("resetting the cluster on the server that is left, and having the others join it")
		Expect(drill.Repair(ctx, k3s.ClusterReset{Survivor: survivor, Snapshot: snapshot.Path})).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		By("looking whether what was written after the snapshot is gone, as it has to be")
		lost := drill.Record().Judgement.Lost
		Expect(lost).To(BeNumerically(">", 0), "a restored snapshot cannot hold what was written after it")
		drill.Finding(fmt.Sprintf("%d acknowledged writes lost: those since the snapshot", lost))
	},
		Entry("processes killed", fault.Loss(fault.Killed), SpecTimeout(20*time.Minute)),
		Entry("power lost", fault.Loss(fault.Unpowered), SpecTimeout(20*time.Minute)),
	)

	It("lose two, and are brought back by cluster-reset from the survivor's own data, nothing lost", func(ctx SpecContext) {
		drill := begin(ctx, fixtures.K3sCluster(3, 0), harness.Objective{RTO: 10 * time.Minute, RPO: 0}, 0)
		steady, writes := harness.All(cluster.Answers(), cluster.EtcdVoters(3), cluster.NodesReady(3)),
			harness.Ledgers(cluster.ConfigMaps("drill"))

		loseTwo(ctx, drill, fault.Unpowered, steady, writes)
		Expect(drill.Repair(ctx, k3s.ClusterReset{Survivor: survivor})).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
	}, SpecTimeout(20*time.Minute))
})

// loseTwo is the story up to the moment an operator is called: peace, writes, a snapshot, more writes, and
// two of three servers gone. It returns the snapshot.
func loseTwo(
	ctx context.Context, drill *suite.Drill, lose fault.Loss, steady harness.SteadyState, writes []harness.Ledger,
) k3s.Snapshot {
	GinkgoHelper()
	By("proving the steady state, and saving a snapshot while writes go on")
	Expect(drill.Baseline(ctx, steady)).To(Succeed())
	Expect(drill.StartWriting(ctx, writes)).To(Succeed())
	saved, err := k3s.SnapshotSave(ctx, drill.Lab, survivor)
	Expect(err).NotTo(HaveOccurred())
	drill.Observe("snapshot", survivor, fmt.Sprintf("%s, %d bytes", saved.Path, saved.Bytes))
	By("losing two of three servers at once")
	Expect(drill.Inject(ctx, lose("server-2", "server-3"))).To(Succeed())
	Expect(drill.Detect(ctx, steady)).To(Succeed())
	return saved
}
