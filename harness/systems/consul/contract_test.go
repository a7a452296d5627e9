package consul

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/raft"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// healthy is three servers in memory that share one store, and a service that they know the name of.
func healthy(t *testing.T) (*labtest.Lab, *store) {
	t.Helper()
	kept := &store{keys: map[string]string{}}
	server := &fakeAPI{leader: at2, voters: []string{at1, at2, at3}, store: kept}
	machines := cluster(t, server, server, server)
	machines.ServeDatagrams("[fd00:d1::11]:8600", zone("fd00:d1::31"))
	machines.Serve(harness.VantageObserver, "[fd00:d1::31]:8080", labtest.Says(http.StatusOK, ""))
	return machines, kept
}

// Goal: probes, ledgers and the runbook do what all of them have to do. Method: the contracts, on servers in memory.
func TestContract(t *testing.T) {
	machines, kept := healthy(t)
	for _, c := range []labtest.ProbeCase{
		{Probe: Quorum(3)}, {Probe: Leader()}, {Probe: Resolves("canary")}, {Probe: AnswersByName("canary", 8080)},
	} {
		labtest.Expect(t, labtest.TestProbe(t.Context(), machines, c), "")
	}
	for prefix, c := range map[string]labtest.LedgerCase{
		"kv": {Ledger: KV("kv")}, "fast": {Ledger: FastKV("fast")}, "slow": {Ledger: KVEvery("slow", time.Second)},
	} {
		c.Lose = func(_ context.Context, entry int) error {
			kept.mutex.Lock()
			defer kept.mutex.Unlock()
			delete(kept.keys, raft.Key(prefix, entry))
			return nil
		}
		labtest.Expect(t, labtest.TestLedger(t.Context(), machines, c), "")
	}
	restart := labtest.RunbookCase{Runbook: StopRenumberStart(), Promises: harness.All(Quorum(3))}
	labtest.Expect(t, labtest.TestRunbook(t.Context(), machines, restart), "")
}
