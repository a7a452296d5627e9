//go:build linux

package agentd

import (
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// Goal: what makes a measurement doubtful is noted with its length, and what does not is not. Method:
// readings of the clock on both sides of both limits.
func TestWatchdogJudges(t *testing.T) {
	const start = protocol.Instant(time.Hour)
	for _, c := range []struct {
		name       string
		gap, step  time.Duration
		want       string // of the reason; "" when nothing is noted
		wantLength time.Duration
	}{
		{"on time", tick, 0, "", 0},
		{"a little late", tick + lateLimit, 0, "", 0},
		{"too late", tick + 300*time.Millisecond, 0, "did not get the processor for 300ms", 300 * time.Millisecond},
		{"slewed", tick, stepLimit, "", 0},
		{"stepped forth", tick, time.Second, "the clock was stepped by 1s", tick},
		{"stepped back", tick, -time.Second, "the clock was stepped by -1s", tick},
	} {
		w := newWatchdog()
		w.judge(start, start+protocol.Instant(c.gap), c.step)
		noted := w.after(0)
		switch {
		case c.want == "" && len(noted) > 0:
			t.Errorf("%s: noted %v", c.name, noted)
		case c.want != "" && (len(noted) != 1 || !strings.Contains(noted[0].Reason, c.want) || noted[0].Length != c.wantLength):
			t.Errorf("%s: noted %v, want %q of %v", c.name, noted, c.want, c.wantLength)
		}
	}
}

// Goal: a caller gets each interruption once. Method: ask with what is known already.
func TestWatchdogTellsWhatIsNew(t *testing.T) {
	w := newWatchdog()
	w.note(protocol.Interruption{From: 1})
	w.note(protocol.Interruption{From: 2})
	for known, want := range map[int]int{-1: 0, 0: 2, 1: 1, 2: 0, 3: 0} {
		if got := len(w.after(known)); got != want {
			t.Errorf("knowing %d, told %d, want %d", known, got, want)
		}
	}
}
