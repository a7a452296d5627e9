package s3

import (
	"context"
	"strconv"
	"testing"

	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: the ledger and the probe do what all of them have to do. Method: the contracts, at a store in memory.
func TestContract(t *testing.T) {
	store := newStore()
	store.objects[landmark] = landmarkContent
	machines := running(t, store)
	lose := func(_ context.Context, entry int) error {
		store.mutex.Lock()
		defer store.mutex.Unlock()
		delete(store.objects, "ledger/"+strconv.Itoa(entry))
		return nil
	}
	labtest.Expect(t, labtest.TestProbe(t.Context(), machines, labtest.ProbeCase{Probe: Answers(bucket)}), "")
	labtest.Expect(t, labtest.TestProbe(t.Context(), machines, labtest.ProbeCase{Probe: TakesWrites(bucket)}), "")
	written := labtest.LedgerCase{Ledger: Objects(bucket, "ledger"), Lose: lose}
	labtest.Expect(t, labtest.TestLedger(t.Context(), machines, written), "")
}
