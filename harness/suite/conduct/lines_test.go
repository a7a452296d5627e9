package conduct

import (
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: every event is one line that a person can read and a terminal can print, with its time since the drill's start, and since
// t0 when that is known; a second fault does not move t0. Method: events in the order in which a drill tells them.
func TestEventsAreLines(t *testing.T) {
	var out strings.Builder
	lines := newEventLines(&out)
	for _, event := range []harness.Event{
		{At: 0, Kind: "phase", Text: "the drill begins: RTO 1m0s"},
		{At: 2310 * time.Millisecond, Kind: "inject", Text: "the fault is brought about"},
		{At: 2400 * time.Millisecond, Kind: "fault", Text: "power loss of site"},
		{At: 2400 * time.Millisecond, Kind: "sli", Text: "\"the site\" fails: \x1b[31mrefused\nby\x00 it"},
		{At: 2380 * time.Millisecond, Kind: "note", Text: "known late"},
		{At: 127400 * time.Millisecond, Kind: "fault", Text: "power loss of site"},
		{At: 127401 * time.Millisecond, Kind: "note", Text: strings.Repeat("long ", 1000)},
	} {
		lines.tell(event)
	}
	want := `         start  phase    the drill begins: RTO 1m0s
  start+2.31 s  inject   the fault is brought about
            t0  fault    power loss of site
            t0  sli      "the site" fails: \x1b[31mrefused\nby\x00 it
      t0-20 ms  note     known late
   t0+2 min 05 s  fault    power loss of site
`
	want = strings.Replace(want, "   t0+2 min", " t0+2 min", 1)
	got, long, _ := strings.Cut(out.String(), " t0+2 min 05 s  note")
	if got != want || len(long) > lineLimit+10 || !strings.HasSuffix(long, "...\n") {
		t.Errorf("the lines are\n%s\nwant\n%s\nand the long one has %d characters", got, want, len(long))
	}
}
