// Package plain has the shop's incident as a plain test.
package plain

import (
	"testing"

	"github.com/reprise-dr/reprise/harness/drilltest"
	"github.com/reprise-dr/reprise/harness/fault"

	"shop.example/drills/shop"
)

func TestPowerLossOfThePrimary(t *testing.T) {
	drill := drilltest.Begin(t, shop.Topology(), shop.Objective())
	ctx := drill.Context()

	drill.Must(shop.Open(ctx, drill.Lab))
	drill.Must(drill.Watch(ctx, shop.Replication()...))
	drill.Must(drill.Unaffected(ctx, shop.Reading()))
	drill.Must(drill.Baseline(ctx, shop.Steady()))
	for _, claim := range shop.Replication() {
		drill.Must(drill.AwaitUp(ctx, claim))
	}
	drill.Must(drill.Expect(shop.Moved()))
	drill.Must(drill.StartWriting(ctx, shop.Orders()))
	drill.Must(drill.Inject(ctx, fault.PowerLoss{Node: shop.Primary}))
	drill.Must(drill.Detect(ctx, shop.Steady()))
	drill.Must(drill.Repair(ctx, shop.Failover()...))
	drill.Must(drill.AwaitRecovery(ctx, shop.Steady()))
	drill.Must(drill.Reconcile(ctx, shop.Orders()))
}
