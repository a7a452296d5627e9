package contracts

import (
	"context"

	. "github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/vrrp"
)

const routersLabel = "routers"

func routers() harness.Topology { return fixtures.Routers(fixtures.RoutersTuned()) }

var _ = Describe("On two routers", Label(routersLabel), Ordered, ContinueOnFailure, func() {
	site, err := vrrp.SiteOf(routers())
	if err != nil {
		panic(err) // there are no specs without it
	}
	run(routers(), func(func() *lab.Lab) parts { return routerParts(site) }, func(ctx context.Context, cluster *lab.Lab) error {
		return site.AwaitMaster(ctx, cluster, site.First)
	})
})

func routerParts(site vrrp.Site) parts {
	stranger := site.Pair
	stranger.Second = nobody
	works := site.Works()
	all := parts{
		faults: []labtest.FaultCase{
			{Fault: vrrp.DropAdvertisements{Pair: site.Pair}, Refused: nowhere(vrrp.DropAdvertisements{Pair: stranger})},
			{Fault: vrrp.DropAdvertisements{Pair: site.Pair, OneWay: true}},
			{
				Fault:   vrrp.MasterFile{Pair: site.Pair, Router: site.First},
				Refused: nowhere(vrrp.MasterFile{Pair: site.Pair, Router: nobody}),
			},
		},
		runbooks: []labtest.RunbookCase{
			{Runbook: site.Announce(site.First), Promises: works},
			{Runbook: vrrp.WakeUp(site.First, "ospfd"), Promises: works},
			{Runbook: vrrp.Restart(site.Second), Promises: works},
			{Runbook: site.StepDown(site.Second), Promises: works},
		},
	}
	client := site.Clients[0]
	all.probes = append(all.probes,
		labtest.ProbeCase{Probe: site.AtGateway(client)},
		labtest.ProbeCase{Probe: site.There(client)},
		labtest.ProbeCase{Probe: site.Back(client)},
		labtest.ProbeCase{Probe: site.Leads(site.First)},
		labtest.ProbeCase{Probe: site.Pair.Holders()[0]},
	)
	return all
}
