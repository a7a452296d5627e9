package renumbering

import (
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/garage"
	"github.com/reprise-dr/reprise/harness/systems/s3"
)

// garageLabel labels the specs about Garage itself.
const garageLabel = "garage"

// withGarage is set where the engine reaches a registry that has Garage's image: it is nowhere else.
const withGarage = "REPRISE_GARAGE"

// What the postmortem's site has, where store_test.go has MinIO in its place. It never ran where it was written: what is
// claimed is what Garage's documentation and source say.
var _ = Describe("Garage, of which one node is elsewhere", Label(garageLabel), func() {
	It("is whole again when its nodes are connected anew, none of them started again", func(ctx SpecContext) {
		if os.Getenv(withGarage) == "" {
			Skip("never run here: Garage's image is on a registry and cannot be built; where the engine reaches one, set " +
				withGarage + "=1")
		}
		drill := beginGarage(ctx)
		steady := harness.All(garageStore.Whole(), s3.Answers(garageBucketAt("garage-1")), s3.TakesWrites(garageBucketAt("garage-1")),
			s3.Answers(garageBucketAt("garage-3")), s3.TakesWrites(garageBucketAt("garage-3")))
		objects := harness.Ledgers(s3.Objects(garageBucketAt("garage-1"), "ledger"))

		renumber(ctx, drill, steady, objects...)
		By("writing the new addresses into every configuration, then connecting every node with every other")
		Expect(drill.Repair(ctx, garage.NodeConnect())).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		By("looking for acknowledged objects that did not survive")
		Expect(drill.Reconcile(ctx, objects)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
	}, SpecTimeout(25*time.Minute))
})

var garageStore = garage.Store{Token: fixtures.GarageToken}

// garageBucketAt is the one bucket of the store, for a client who asks that node.
func garageBucketAt(node string) s3.Bucket {
	return s3.Bucket{
		Node: node, Port: fixtures.GaragePort, Name: "drill", Region: fixtures.GarageRegion,
		AccessKey: fixtures.GarageAccess, SecretKey: fixtures.GarageSecret,
	}
}

// beginGarage brings the store up with a layout, a key and a bucket.
func beginGarage(ctx SpecContext) *suite.Drill {
	GinkgoHelper()
	drill := suite.Begin(ctx, fixtures.GarageStore(), tenMinutes)
	drill.AlsoSearch(drift.Folders(garage.ServerRole, "/var/lib/garage/meta"))
	Expect(drill.Expect(append(storeRenumbered,
		drift.Planned{Kind: harness.KindFile, Key: "/etc/garage.toml", Because: "the runbook writes the new addresses into it"})...,
	)).To(Succeed())
	By("waiting until the nodes have found each other, then giving them a layout and making a key and a bucket")
	key := garage.Key{ID: fixtures.GarageAccess, Secret: fixtures.GarageSecret}
	Expect(garageStore.Form(ctx, drill.Lab, key)).To(Succeed())
	Expect(s3.CreateBucket(ctx, drill.Lab, garageBucketAt("garage-1"))).To(Succeed())
	return drill
}
