package conduct

import (
	"fmt"
	"io"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/words"
	"github.com/reprise-dr/reprise/reports"
)

// lineLimit is how much of an event's text is printed; all of it is in the record.
const lineLimit = 400

// eventLines prints a line for each event of a drill, with its time: from the drill's start until the fault is in force, then
// from t0, as in the reports.
type eventLines struct {
	out   io.Writer
	t0    time.Duration
	since string // what offsets count from now
}

func newEventLines(out io.Writer) *eventLines { return &eventLines{out: out, since: "start"} }

func (l *eventLines) tell(event harness.Event) {
	if event.Kind == "fault" && l.since == "start" {
		l.since, l.t0 = "t0", event.At
	}
	fmt.Fprintf(l.out, "%14s  %-7s  %s\n", l.clock(event.At), event.Kind, words.Clip(words.Escaped(event.Text), lineLimit))
}

// clock is a time on the drill's clock, such as "start+2.31 s" or "t0+350 ms".
func (l *eventLines) clock(at time.Duration) string {
	switch offset := (at - l.t0).Round(time.Millisecond); {
	case offset > 0:
		return l.since + "+" + reports.FormatDuration(offset)
	case offset < 0:
		return l.since + reports.FormatDuration(offset) // with its sign
	}
	return l.since
}
