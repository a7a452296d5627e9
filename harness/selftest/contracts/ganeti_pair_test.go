package contracts

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/drbd"
	"github.com/reprise-dr/reprise/harness/systems/ganeti"
)

// ganetiPairLabel is that of hypervisors which are virtual machines, with real disks.
const ganetiPairLabel = "full-pair"

// ganetiPairLimit allows for a disk that is copied between machines that are software.
const ganetiPairLimit = 10 * time.Minute

var _ = Describe("On two hypervisors with replicated disks", Label(large, ganetiPairLabel), Ordered, ContinueOnFailure, func() {
	pair, err := drbd.PairAmong(fixtures.GanetiPair(), ganeti.Role)
	if err != nil {
		panic(err) // there are no specs without it
	}
	run(fixtures.GanetiPair(), func(func() *lab.Lab) parts { return ganetiPairParts(pair) },
		func(ctx context.Context, cluster *lab.Lab) error {
			return peace(append(replicated(pair), ganeti.Agreed(node1, node2))...)(ctx, cluster)
		})
})

func ganetiPairParts(pair drbd.Pair) parts {
	cluster := ganeti.Cluster{
		Name: fixtures.GanetiPairCluster, Address: fixtures.GanetiPairAddress(), Card: fixtures.GanetiPairCard,
		Nodes: pair.Both(),
	}
	wiki := ganeti.Instance{Name: fixtures.GanetiPairInstance, Address: fixtures.GanetiPairInstanceAddress(), Node: pair.First}
	on := cluster.On(pair.First)
	return parts{limit: ganetiPairLimit, runbooks: []labtest.RunbookCase{
		{Runbook: ganeti.Retry(on.ActivateDisks(wiki)), Promises: replicated(pair)},
		{Runbook: ganeti.Retry(on.ReplaceDisks(wiki)), Promises: replicated(pair)},
		{Runbook: ganeti.Retry(on.ReplaceSecondaryDisks(wiki)), Promises: replicated(pair)},
	}}
}
