package renumbering

import (
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
		Expect(drill.Watch(ctx, minio.Readable("store-1"), minio.Writable("store-1"), minio.Readable("store-3"),
			minio.Writable("store-3"))).To(Succeed())

		renumber(ctx, drill, steady)
		By("waiting for a recovery that nobody works on")
		Expect(drill.AwaitRecovery(ctx, steady)).To(MatchError(harness.ErrNotRecovered))
		Expect(drill.Judge()).To(Succeed())
	}, SpecTimeout(5*time.Minute))

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
	drill.AlsoSearch(administrator.PeerTexts(), drift.Folders(minio.ServerRole, "/srv/minio"))
	Expect(drill.Expect(
		drift.Planned{Kind: harness.KindFile, Key: "/etc/default/minio", Because: "the runbook writes the new addresses into it"},
		drift.Planned{
			Kind: harness.KindMention, Key: "file /etc/hosts", Because: "the lab has named every node there, and nobody here asks it",
		},
		drift.Planned{
			Kind: harness.KindMention, Key: "socket tcp clos**", Because: "the kernel keeps a connection until it is sure that it is over",
		},
	)).To(Succeed())
	By("waiting until the nodes of the store have found each other, then making a bucket")
	Expect(administrator.WaitWhole(ctx, drill.Lab)).To(Succeed())
	Expect(s3.CreateBucket(ctx, drill.Lab, bucketAt("store-1"))).To(Succeed())
	return drill
}
