package contracts

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/consul"
	"github.com/reprise-dr/reprise/harness/systems/nomad"
)

const nomadLabel = "nomad"

// servers is how many there are of each kind.
const servers = 3

// canaryPort is where the canary listens.
const canaryPort = 8080

var _ = Describe("On a cluster of Nomad and Consul", Label(nomadLabel), Ordered, ContinueOnFailure, func() {
	run(fixtures.NomadConsul(servers), nomadConsulParts, func(ctx context.Context, cluster *lab.Lab) error {
		if err := nomad.Run(ctx, cluster, nomad.Canary(canaryPort)); err != nil {
			return err
		}
		return peace(working...)(ctx, cluster)
	})
})

// working is what holds on the cluster in peace. A job that is started only after the first fingerprints would be taken for the
// work of whatever is asked first.
var working = harness.All(
	consul.Quorum(servers), nomad.Quorum(servers), consul.Resolves(nomad.CanaryName), nomad.Answers(nomad.CanaryName, canaryPort),
)

func nomadConsulParts(cluster func() *lab.Lab) parts {
	// loses has the product's own command take an entry away.
	loses := func(node, prefix string, argv ...string) func(context.Context, int) error {
		return func(ctx context.Context, entry int) error {
			_, err := cluster().Exec(ctx, node, append(argv, fmt.Sprintf("%s/%d", prefix, entry))...)
			return err
		}
	}
	kv := []string{"consul", "kv", "delete"}
	return parts{
		probes: []labtest.ProbeCase{
			{Probe: consul.Quorum(servers)},
			{Probe: consul.Leader()},
			{Probe: consul.Resolves(nomad.CanaryName)},
			{Probe: consul.AnswersByName(nomad.CanaryName, canaryPort)},
			{Probe: nomad.Quorum(servers)},
			{Probe: nomad.Leader()},
			{Probe: nomad.Running(nomad.CanaryName)},
			{Probe: nomad.Answers(nomad.CanaryName, canaryPort)},
			{Probe: nomad.AnswersPinned(nomad.CanaryName, canaryPort)},
		},
		ledgers: []labtest.LedgerCase{
			{Ledger: consul.KV("contract/kv"), Lose: loses("consul-1", "contract/kv", kv...)},
			{Ledger: consul.FastKV("contract/fast"), Lose: loses("consul-1", "contract/fast", kv...)},
			{Ledger: consul.KVEvery("contract/slow", time.Second), Lose: loses("consul-1", "contract/slow", kv...)},
			{Ledger: nomad.Variables("contract/variables"), Lose: loses("nomad-1", "contract/variables", "nomad", "var", "purge")},
			{Ledger: nomad.Jobs("contract-jobs"), Lose: loses("nomad-1", "contract-jobs", "nomad", "job", "stop", "-purge", "-detach")},
		},
		runbooks: []labtest.RunbookCase{
			{Runbook: consul.StopRenumberStart(), Promises: working},
			{Runbook: nomad.StopRenumberStart(), Promises: working},
			{Runbook: nomad.PeersJSON(), Promises: working},
			{Runbook: nomad.PeersRecovery{Names: map[string]string{"nomad-2": "renamed"}}, Promises: working},
		},
	}
}
