// Package drills has the shop's incidents as specs of Ginkgo.
package drills

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/suite"

	"shop.example/drills/shop"
)

func TestDrills(t *testing.T) { suite.Run(t, "shop", suite.Prepare(shop.Topology())) }

var _ = It("goes on with the standby when the primary has lost its power", Label("smoke"), func(ctx SpecContext) {
	drill := suite.Begin(ctx, shop.Topology(), shop.Objective())

	By("opening the shop, and proving that all is well")
	Expect(shop.Open(ctx, drill.Lab)).To(Succeed())
	Expect(drill.Watch(ctx, shop.Replication()...)).To(Succeed())
	Expect(drill.Unaffected(ctx, shop.Reading())).To(Succeed())
	Expect(drill.Baseline(ctx, shop.Steady())).To(Succeed())
	for _, claim := range shop.Replication() {
		Expect(drill.AwaitUp(ctx, claim)).To(Succeed())
	}
	Expect(drill.Expect(shop.Moved())).To(Succeed())
	Expect(drill.StartWriting(ctx, shop.Orders())).To(Succeed())
	By("taking the primary's power away, and seeing that clients notice")
	Expect(drill.Inject(ctx, fault.PowerLoss{Node: shop.Primary})).To(Succeed())
	Expect(drill.Detect(ctx, shop.Steady())).To(Succeed())
	By("promoting the standby, and moving the service address to it")
	Expect(drill.Repair(ctx, shop.Failover()...)).To(Succeed())
	Expect(drill.AwaitRecovery(ctx, shop.Steady())).To(Succeed())
	Expect(drill.Reconcile(ctx, shop.Orders())).To(Succeed())
	Expect(drill.Judge()).To(Succeed())
}, SpecTimeout(5*time.Minute))
