package renumbering

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/minio"
	"github.com/reprise-dr/reprise/harness/systems/s3"
)

// store labels the specs about the object store. It stands for Garage, see fixtures.Store.
const store = "store"

// storeWatched is the target where the claim is that a store does not come back.
var storeWatched = harness.Objective{RTO: 10 * time.Second, GiveUpAfter: 20 * time.Second, NoData: true}

// The store has two nodes at the site, which move, and one elsewhere on the internet, which stays. An object is spread over all
// three; two of them are a quorum of reads, and of writes.
var _ = Describe("An object store of which one node is elsewhere", Label(store), func() {
	reads, writes := s3.Answers(bucketAt("store-1")), s3.TakesWrites(bucketAt("store-1"))
	remoteReads, remoteWrites := s3.Answers(bucketAt("store-3")), s3.TakesWrites(bucketAt("store-3"))

	It("has no quorum of reads nor of writes on any node when the others are renumbered", Label(postmortem), func(ctx SpecContext) {
		drill := beginStore(ctx, fixtures.Store(), storeWatched)
		drill.Claim(harness.Missed, "every node calls the others at the addresses that it was started with", harness.NotRecovered)
		steady := harness.All(reads, writes, remoteReads, remoteWrites)
		word := harness.All(minio.Readable("store-1"), minio.Writable("store-1"), minio.Readable("store-3"), minio.Writable("store-3"))
		Expect(drill.Watch(ctx, word...)).To(Succeed())

		renumber(ctx, drill, steady)
		By("waiting for a recovery that nobody works on")
		Expect(drill.AwaitRecovery(ctx, steady)).To(MatchError(harness.ErrNotRecovered))
		Expect(drill.Judge()).To(Succeed())
		Expect(neverReturned(drill.Record(), steady...)).To(BeTrue(), "somebody was served again")
		Expect(neverReturned(drill.Record(), word...)).To(BeTrue(), "a node says that it has a quorum")
	}, SpecTimeout(5*time.Minute))

	It("is served at the site and lost elsewhere when only those who moved are told", Label(postmortem), func(ctx SpecContext) {
		drill := beginStore(ctx, fixtures.Store(), storeWatched)
		drill.Claim(harness.Missed, "the node that stayed calls the others at the addresses that it was started with",
			harness.NotRecovered)
		steady := harness.All(administrator.Whole(), reads, writes, remoteReads, remoteWrites)

		renumber(ctx, drill, steady)
		By("doing for the two nodes that moved what is enough for Consul, and nothing for the third")
		Expect(drill.Repair(ctx, minio.StopRenumberStartOn("store-1"), minio.StopRenumberStartOn("store-2"))).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(MatchError(harness.ErrNotRecovered))
		By("judging: two of three nodes are a quorum, and the third has none")
		Expect(drill.Judge()).To(Succeed())
		Expect(neverReturned(drill.Record(), administrator.Whole(), remoteReads, remoteWrites)).
			To(BeTrue(), "the node that was not told found the others")
		for _, claim := range harness.All(reads, writes) {
			outage, _ := drill.Outage(claim)
			Expect(outage.Returned).To(BeTrue(), "the site's own clients got nothing: %s", claim.Name())
		}
		drill.Finding("the two that were told are a quorum for the site's own clients, without a node to spare; whoever asks the " +
			"third gets neither reads nor writes")
	}, SpecTimeout(5*time.Minute))

	// By hand the first spec was watched for nearly 4 minutes: nothing came back. Which of two nodes dials is decided by a hash
	// of their addresses: there, store-3 dials both others; here, both others dial store-2.
	It("comes back by itself where both that moved are the ones who dial, its reads long before its writes", func(ctx SpecContext) {
		drill := beginStore(ctx, fixtures.StoreOptions{Name: "store-dialled", Remote: []int{2}}.Topology(), harness.Objective{
			RTO: 4 * time.Minute,
		})
		const because = "nobody was told anything: all goes by way of the node that stayed"
		Expect(drill.Expect(
			drift.Planned{Kind: harness.KindMention, Key: "minio peers of store-*", Because: because},
			drift.Planned{Kind: harness.KindMention, Key: "file /etc/default/minio", Because: because},
			drift.Planned{Kind: harness.KindMention, Key: "socket tcp connecting", Because: because},
		)).To(Succeed())
		steady := harness.All(reads, writes, remoteReads, remoteWrites)
		objects := harness.Ledgers(s3.Objects(bucketAt("store-1"), "ledger"))

		renumber(ctx, drill, steady, objects...)
		By("leaving the nodes to find each other")
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Reconcile(ctx, objects)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(drill.Record().Judgement.RecoveredBy).To(Equal(harness.BySelf))
		read, _ := drill.Outage(reads)
		written, _ := drill.Outage(writes)
		Expect(written.Down).To(BeNumerically(">", read.Down), "writes came back before reads")
		drill.Finding(fmt.Sprintf("reads were back after %v and writes after %v, all of them by way of the node that stayed",
			read.Down.Round(time.Second), written.Down.Round(time.Second)))
	}, SpecTimeout(12*time.Minute))

	It("is whole again when every node is told its peers anew, no object lost", Label(postmortem), func(ctx SpecContext) {
		drill := beginStore(ctx, fixtures.Store(), tenMinutes)
		steady := harness.All(administrator.Whole(), reads, writes, remoteReads, remoteWrites)
		objects := harness.Ledgers(s3.Objects(bucketAt("store-1"), "ledger"))

		renumber(ctx, drill, steady, objects...)
		By("stopping every node, the remote one too, writing the new addresses into its list, starting it")
		Expect(drill.Repair(ctx, minio.StopRenumberStart())).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		By("looking for acknowledged objects that did not survive")
		Expect(drill.Reconcile(ctx, objects)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(drill.Record().Judgement.Lost).To(BeZero())
	}, SpecTimeout(25*time.Minute))
})

// storeRenumbered is what a renumbering changes or leaves on every store on purpose.
var storeRenumbered = []drift.Planned{
	{Kind: harness.KindMention, Key: "file /etc/hosts", Because: "the lab has named every node there, and nobody here asks it"},
	{Kind: harness.KindMention, Key: "socket tcp clos**", Because: "the kernel keeps a connection until it is sure that it is over"},
	{Kind: harness.KindRoute, Key: everyPrefix.Into.String() + " dev *", Because: "who stays reaches the new prefix there"},
	{Kind: harness.KindRoute, Key: everyPrefix.IntoIPv4.String() + " dev *", Because: "who stays reaches the new prefix there"},
}

// drive is where each node has its objects.
const drive = "/srv/minio"

// administrator knows the store's root user.
var administrator = minio.Store{AccessKey: fixtures.StoreAccess, SecretKey: fixtures.StoreSecret}

// bucketAt is the one bucket of the store, for a client who asks that node.
func bucketAt(node string) s3.Bucket {
	return s3.Bucket{
		Node: node, Port: fixtures.StorePort, Name: "drill", AccessKey: fixtures.StoreAccess, SecretKey: fixtures.StoreSecret,
	}
}

// beginStore brings the store up with a bucket in it.
func beginStore(ctx SpecContext, topology harness.Topology, objective harness.Objective) *suite.Drill {
	GinkgoHelper()
	drill := suite.Begin(ctx, topology, objective)
	drill.AlsoSearch(administrator.PeerTexts(), minio.PoolTexts(drive), drift.Folders(minio.ServerRole, drive))
	Expect(drill.Expect(append(storeRenumbered,
		storeReconfigured,
		drift.Planned{
			Kind: harness.KindMention, Key: "minio pool of store-*",
			Because: "a drive that missed the change keeps its copy of the list, which is compared at a start and used for nothing else",
		})...,
	)).To(Succeed())
	makeBucket(ctx, drill)
	return drill
}

// storeReconfigured is what a renumbering changes on a node of the store that is told its peers anew.
var storeReconfigured = drift.Planned{
	Kind: harness.KindFile, Key: "/etc/default/minio", Because: "the runbook writes the new addresses into it",
}

// makeBucket makes the bucket once the store is whole.
func makeBucket(ctx context.Context, drill *suite.Drill) {
	GinkgoHelper()
	By("waiting until the nodes of the store have found each other, then making a bucket")
	Expect(administrator.WaitWhole(ctx, drill.Lab)).To(Succeed())
	Expect(s3.CreateBucket(ctx, drill.Lab, bucketAt("store-1"))).To(Succeed())
}
