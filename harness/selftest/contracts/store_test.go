package contracts

import (
	"context"

	. "github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/minio"
)

const storeLabel = "store"

// store is what an administrator of it knows.
var store = minio.Store{AccessKey: fixtures.StoreAccess, SecretKey: fixtures.StoreSecret}

var _ = Describe("On an object store", Label(storeLabel, large), Ordered, ContinueOnFailure, func() {
	run(fixtures.Store(), storeParts, func(ctx context.Context, cluster *lab.Lab) error { return store.WaitWhole(ctx, cluster) })
})

func storeParts(func() *lab.Lab) parts {
	const node = "store-1"
	whole := harness.All(store.Whole())
	return parts{
		probes: []labtest.ProbeCase{{Probe: store.Whole()}, {Probe: minio.Readable(node)}, {Probe: minio.Writable(node)}},
		runbooks: []labtest.RunbookCase{
			{Runbook: minio.StopRenumberStartOn(node), Promises: whole},
			{Runbook: minio.StopRenumberStart(), Promises: whole},
		},
	}
}
