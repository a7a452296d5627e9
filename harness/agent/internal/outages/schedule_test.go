//go:build linux

package outages

import (
	"math"
	"slices"
	"testing"
	"time"
)

// Goal: a seed repeats a calibration, and services do not go away in step. Method: the plan of a seed
// is compared with the same, with another seed's and another service's, and with figures that were
// noted once: another machine has to find the same.
func TestPlanFollowsFromTheSeed(t *testing.T) {
	outline := plan(7, 3, 100)
	if !slices.Equal(outline, plan(7, 3, 100)) {
		t.Error("the same seed made another plan")
	}
	if slices.Equal(outline, plan(8, 3, 100)) || slices.Equal(outline, plan(7, 4, 100)) {
		t.Error("another seed or service made the same plan")
	}
	noted := []planned{{2003150890, 300993610}}
	if !slices.Equal(outline[:len(noted)], noted) {
		t.Errorf("the plan begins with %#v", outline[:len(noted)])
	}
}

// Goal: lengths are spread over the three orders of magnitude from 10 ms to 10 s, gaps over their range.
// Method: a third of many outages is in each order, give or take a tenth; no value is out of range.
func TestPlanSpreadsLengths(t *testing.T) {
	var orders [3]int
	const outages = 3000
	for _, outage := range plan(1, 0, outages) {
		if outage.length < shortestOutage || outage.length > longestOutage {
			t.Fatalf("an outage lasts %v", outage.length)
		}
		if outage.gap < shortestGap || outage.gap > longestGap {
			t.Fatalf("a gap lasts %v", outage.gap)
		}
		orders[min(2, int(math.Log10(float64(outage.length)/float64(10*time.Millisecond))))]++
	}
	for i, count := range orders {
		if count < outages*3/10 || count > outages*37/100 {
			t.Errorf("order %d has %d of %d outages", i, count, outages)
		}
	}
}
