package calibration

import (
	"slices"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

const ms = time.Millisecond

// away is an outage that is known exactly.
func away(down, up time.Duration) truth {
	return truth{service: "a site", down: edge{down, down}, up: edge{up, up}}
}

// saw is a measurement by questions every 20 ms that were answered at once: the first that failed was
// asked at lost, the first that was answered again at back.
func saw(lost, back time.Duration) sighting {
	return sighting{
		service: "a site", lost: lost, back: back, bounded: true, down: edge{lost - period, lost},
		up: edge{back - period, back},
	}
}

// Goal: what was hidden from the observer counts as missed, and what it made up as invented: no
// figure of this calibration can be good by looking away. Method: known outages against measurements
// of which one is left out, added, joined with another or doubled.
func TestMatch(t *testing.T) {
	first, second := away(100*ms, 150*ms), away(1000*ms, 3000*ms)
	for _, test := range []struct {
		name                                    string
		seen                                    []sighting
		pairs, missed, merged, split, invention int
	}{
		{"both seen", []sighting{saw(110*ms, 160*ms), saw(1005*ms, 3010*ms)}, 2, 0, 0, 0, 0},
		{"one hidden", []sighting{saw(1005*ms, 3010*ms)}, 1, 1, 0, 0, 0},
		{"all hidden", nil, 0, 2, 0, 0, 0},
		{"one made up", []sighting{saw(110*ms, 160*ms), saw(400*ms, 450*ms), saw(1005*ms, 3010*ms)}, 2, 0, 0, 0, 1},
		{"two taken for one", []sighting{saw(110*ms, 3010*ms)}, 1, 0, 1, 0, 0},
		{"one taken for two", []sighting{saw(110*ms, 160*ms), saw(1005*ms, 1500*ms), saw(1600*ms, 3010*ms)}, 2, 0, 0, 1, 0},
		{"seen just before it was over", []sighting{saw(149*ms, 160*ms), saw(1005*ms, 3010*ms)}, 2, 0, 0, 0, 0},
		{"seen when it was over", []sighting{saw(171*ms, 180*ms), saw(1005*ms, 3010*ms)}, 1, 1, 0, 0, 1},
	} {
		matched := match([]truth{first, second}, test.seen)
		got := []int{len(matched.pairs), len(matched.missed), len(matched.merged), len(matched.split), len(matched.invented)}
		if want := []int{test.pairs, test.missed, test.merged, test.split, test.invention}; !slices.Equal(got, want) {
			t.Errorf("%s: %v pairs, missed, merged, split, invented; want %v", test.name, got, want)
		}
	}
}

// Goal: of two measurements of one outage, the longer one is its figure, whichever comes first. Method: both orders.
func TestMatchTakesTheLongerPart(t *testing.T) {
	for _, seen := range [][]sighting{
		{saw(1005*ms, 1100*ms), saw(1200*ms, 3010*ms)},
		{saw(1005*ms, 2900*ms), saw(2960*ms, 3010*ms)},
	} {
		matched := match([]truth{away(1000*ms, 3000*ms)}, seen)
		if len(matched.pairs) != 1 || matched.pairs[0].seen.length() < time.Second || len(matched.split) != 1 {
			t.Errorf("%+v", matched)
		}
	}
}

// Goal: a figure that is wrong without saying so is found, and one that says so is not sharp. Method:
// the same outage with measurements that are right, vague, or wrong at either edge or in length.
func TestPairsBetrayThemselves(t *testing.T) {
	for _, test := range []struct {
		name            string
		truth           truth
		seen            sighting
		sharp, violated bool
	}{
		{"right", away(100*ms, 150*ms), saw(110*ms, 160*ms), true, false},
		{"vague at the end", away(100*ms, 150*ms), sighting{
			lost: 110 * ms, back: 200 * ms, bounded: true,
			down: edge{90 * ms, 110 * ms}, up: edge{140 * ms, 200 * ms},
		}, false, false},
		{"vague at the beginning", away(100*ms, 150*ms), sighting{
			lost: 110 * ms, back: 160 * ms, bounded: true,
			down: edge{50 * ms, 110 * ms}, up: edge{140 * ms, 160 * ms},
		}, false, false},
		{"lost too late", away(80*ms, 150*ms), saw(110*ms, 160*ms), true, true},
		{"back too late", away(100*ms, 130*ms), saw(110*ms, 160*ms), true, true},
		{
			"in force at a blurred moment",
			truth{down: edge{100 * ms, 101 * ms}, up: edge{130 * ms, 145 * ms}},
			saw(110*ms, 160*ms),
			true, false,
		},
		{"not bounded", away(100*ms, 130*ms), sighting{lost: 110 * ms, back: 900 * ms}, false, false},
	} {
		pair := pair{test.truth, test.seen}
		if got := pair.sharp(); got != test.sharp {
			t.Errorf("%s: sharp is %v", test.name, got)
		}
		if got := pair.violated(0); got != test.violated {
			t.Errorf("%s: violated is %v", test.name, got)
		}
	}
	late := pair{away(80*ms, 150*ms), saw(110*ms, 160*ms)}
	if late.violated(10 * ms) {
		t.Error("an edge that a clock's error explains is a violation")
	}
}

// Goal: the outages of an SLI are those that began and ended while it was watched, with the bounds
// that the record says. Method: intervals with a failure at either end of the record and two in between.
func TestSightings(t *testing.T) {
	intervals := []harness.Interval{
		{Up: false, From: 0, Seen: 1 * ms},
		{Up: true, From: 20 * ms, Seen: 21 * ms, After: 0, By: 21 * ms},
		{Up: false, From: 100 * ms, Seen: 600 * ms, After: 80 * ms, By: 101 * ms},
		{Up: true, From: 200 * ms, Seen: 202 * ms, After: 180 * ms, By: 202 * ms},
		{Up: false, From: 300 * ms, Seen: 301 * ms, After: 280 * ms, By: 301 * ms},
		{Up: true, From: 320 * ms, Seen: 321 * ms, After: 300 * ms, By: 321 * ms},
		{Up: false, From: 400 * ms, Seen: 401 * ms, After: 380 * ms, By: 401 * ms},
	}
	seen := sightings(harness.RecordSLI{Name: "a site", Intervals: intervals})
	want := []sighting{
		{service: "a site", lost: 100 * ms, back: 202 * ms, bounded: true, down: edge{80 * ms, 101 * ms}, up: edge{180 * ms, 202 * ms}},
		{
			service: "a site", lost: 300 * ms, back: 321 * ms, bounded: true, down: edge{280 * ms, 301 * ms},
			up: edge{300 * ms, 321 * ms},
		},
	}
	if !slices.Equal(seen, want) {
		t.Errorf("got %+v", seen)
	}
}
