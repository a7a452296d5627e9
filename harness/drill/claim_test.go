package drill

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a drill that comes back in time and whose declared step alone is longer than its RTO is not "missed, as claimed"
// when another miss was meant, and the error says both. Method: the drill on the fake clock.
func TestDrillMissedForAnotherReason(t *testing.T) {
	for _, test := range []struct {
		claimed harness.Miss
		want    bool
	}{{harness.NotRecovered, false}, {harness.TooLate, true}} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t)
			drill.Claim(harness.Missed, "gossip from who has another key is thrown away", test.claimed)
			drill.toDetection(t)
			testkit.Must(t, drill.Repair(t.Context(), fakeRunbook{{Name: "ask the management", Declared: 2 * time.Minute}}))
			err := drill.finishBy(t, 2*time.Second)
			if drill.Record().Judgement.AsClaimed != test.want || (err == nil) != test.want {
				t.Fatalf("claimed %s: %v", test.claimed, err)
			}
			if err != nil && !strings.Contains(err.Error(), "the verdict is missed (too late) and missed (not recovered) was claimed") {
				t.Errorf("the error does not say it all: %v", err)
			}
			testkit.Must(t, drill.Close(t.Context()))
		})
	}
}
