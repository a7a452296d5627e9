package intervals

import (
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: seconds with none, one and more of three holders add up to the watch, whatever came before t0, and an SLI that
// nobody watched is told. Method: intervals by hand.
func TestCountUp(t *testing.T) {
	up := func(from, to time.Duration) harness.Interval {
		return harness.Interval{Up: true, From: from * time.Second, Seen: from * time.Second, To: to * time.Second}
	}
	down := func(from, to time.Duration) harness.Interval {
		return harness.Interval{From: from * time.Second, Seen: from * time.Second, To: to * time.Second}
	}
	record := harness.Record{
		Fault: &harness.RecordFault{At: 10 * time.Second}, WatchedUntil: 40 * time.Second,
		SLIs: []harness.RecordSLI{
			{Name: "a", Intervals: []harness.Interval{up(0, 12), down(12, 30), up(30, 40)}},
			{Name: "b", Intervals: []harness.Interval{down(0, 20), up(20, 40)}},
			{Name: "c", Intervals: []harness.Interval{down(0, 35), up(35, 40)}},
		},
	}
	for _, test := range []struct {
		names []string
		want  Count
	}{
		{[]string{"a", "b", "c"}, Count{None: 8 * time.Second, One: 12 * time.Second, More: 10 * time.Second}},
		{[]string{"a"}, Count{None: 18 * time.Second, One: 12 * time.Second}},
	} {
		if count, known := CountUp(record, test.names...); !known || count != test.want {
			t.Errorf("%q: %+v, %t, want %+v", test.names, count, known, test.want)
		}
	}
	if _, known := CountUp(record, "a", "d"); known {
		t.Error("an SLI that nobody watched was counted")
	}
}
