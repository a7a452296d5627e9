package reports

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// TestIntervalRanks checks the places that enclose a quantile. Goal: they are the ones of the published
// tables, and there is none where n is too small. Method: values that anybody can recompute: of n times
// all lie on one side of the median with the probability 2^-n, all below the 95th percentile with 0.95^n.
func TestIntervalRanks(t *testing.T) {
	for _, test := range []struct {
		n         int
		p         float64
		low, high int
		coverage  float64
	}{
		{5, 0.5, 0, 0, 0},
		{6, 0.5, 1, 6, 1 - 2*math.Pow(0.5, 6)},
		{8, 0.5, 1, 8, 1 - 2*math.Pow(0.5, 8)},
		{10, 0.5, 2, 9, 1 - 2*11*math.Pow(0.5, 10)},
		{20, 0.5, 6, 15, 0.9586},
		{100, 0.5, 40, 61, 0.9648},
		{71, 0.95, 0, 0, 0},
		{72, 0.95, 64, 72, 0.9655},
	} {
		low, high, coverage := intervalRanks(test.n, test.p)
		if low != test.low || high != test.high || math.Abs(coverage-test.coverage) > 5e-5 {
			t.Errorf("n %d, p %v: %d to %d with %.5f, want %d to %d with %.5f", test.n, test.p, low, high, coverage, test.low, test.high,
				test.coverage)
		}
	}
	if median, p95 := leastForInterval(0.5), leastForInterval(0.95); median != 6 || p95 != 72 {
		t.Errorf("an interval takes %d and %d times, want 6 and 72", median, p95)
	}
}

// TestIntervalHoldsWhatItPromises proves the coverage itself. Goal: an interval encloses the true
// quantile as often as it says. Method: draw from a distribution whose quantiles are known, with a
// fixed seed, many times, and count.
func TestIntervalHoldsWhatItPromises(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 20200120))
	for _, test := range []struct {
		n int
		p float64
	}{{8, 0.5}, {25, 0.5}, {100, 0.95}} {
		truth := time.Duration(-math.Log(1-test.p) * float64(time.Second)) // of the exponential distribution
		const trials = 4000
		inside, promised := 0, 0.0
		for range trials {
			times := make([]Bound, test.n)
			for i := range times {
				times[i].Value = time.Duration(random.ExpFloat64() * float64(time.Second))
			}
			slices.SortFunc(times, compareBounds)
			quantile := quantileOf(times, test.p)
			promised = quantile.Coverage
			if quantile.Low.Value <= truth && truth <= quantile.High.Value {
				inside++
			}
		}
		if share := float64(inside) / trials; promised < confidence || math.Abs(share-promised) > 0.012 {
			t.Errorf("n %d, p %v: %.3f of the intervals hold the quantile, promised are %.3f", test.n, test.p, share, promised)
		}
	}
}

// TestSpread checks the quantiles themselves. Goal: nearest ranks, the mean of the two in the middle
// for an even number, and bounds that stay bounds. Method: rows of whole seconds.
func TestSpread(t *testing.T) {
	row := func(recovered, beyond int) []Bound {
		var times []Bound
		for i := range recovered + beyond {
			times = append(times, Bound{time.Duration(i+1) * time.Second, i >= recovered})
		}
		slices.Reverse(times)
		return times
	}
	for _, test := range []struct {
		times            []Bound
		median, p95, max string
	}{
		{row(1, 0), "1 s", "1 s", "1 s"},
		{row(4, 0), "2.5 s", "4 s", "4 s"},
		{row(20, 0), "10.5 s", "19 s", "20 s"},
		{row(21, 0), "11 s", "20 s", "21 s"},
		{row(19, 1), "10.5 s", "19 s", "> 20 s"},
		{row(3, 2), "3 s", "> 5 s", "> 5 s"},
		{row(2, 2), "> 2 s", "> 4 s", "> 4 s"},
		{row(0, 3), "> 2 s", "> 3 s", "> 3 s"},
		{[]Bound{{3 * time.Second, true}, {40 * time.Second, false}}, "> 40 s", "> 3 s", "> 3 s"},
	} {
		spread := spreadOf(test.times)
		if got := [...]string{spread.Median.At.String(), spread.P95.At.String(), spread.Max.String()}; got != [...]string{
			test.median,
			test.p95, test.max,
		} {
			t.Errorf("%v: %q, want %q %q %q", test.times, got, test.median, test.p95, test.max)
		}
	}
}

// neverBack is a repeated drill that did not recover.
func neverBack(t *testing.T, number int) harness.Record {
	t.Helper()
	down := interval{12 * time.Millisecond, forever}
	record := repeatedWith(t, fmt.Sprintf("repeated-never-%d", number), "consul has a leader", down)
	record.Seed, record.Phase = int64(900+number), 123*time.Millisecond
	return judged(record)
}

func judgedRepeats(t *testing.T) []harness.Record {
	t.Helper()
	var records []harness.Record
	for _, record := range repeatedDrills(t) {
		records = append(records, judged(record))
	}
	return records
}

// TestDistributionIsJudgedOnTheWorst proves that one slow drill of eight misses the RTO, and that the
// reader learns how to repeat it. Method: judge the made-up drills with and without the slow one.
func TestDistributionIsJudgedOnTheWorst(t *testing.T) {
	records := judgedRepeats(t)
	all := Distributions(records)
	if len(all) != 1 {
		t.Fatalf("%d distributions, want 1", len(all))
	}
	d := all[0]
	if d.Verdict != harness.Missed || d.Worst.ID != records[5].ID || d.RTA.Median.At.Value > d.RTO {
		t.Errorf("the RTO is %s, worst %s, median %s", d.Verdict, d.Worst.ID, d.RTA.Median.At)
	}
	for _, want := range []string{"11.2 s ± 21.1 ms", "seed 20200125", "phase 426 ms"} {
		if !strings.Contains(d.Sentence(), want) {
			t.Errorf("%q lacks %q", d.Sentence(), want)
		}
	}
	if d.Recovered != 8 || d.Met != 6 || d.Missed != 2 || d.Lost != 2 || d.RPA.Max.Value != 8*time.Millisecond {
		t.Errorf("%+v", d)
	}
	if without := Distributions(slices.Delete(records, 5, 6))[0]; without.Verdict != harness.Met {
		t.Errorf("without the slow drill the RTO is %s, want met", without.Verdict)
	}
}

// TestDistributionDropsNothing proves that drills that did not recover make the figures worse, never
// disappear. Method: add five of them to eight that did; then drills in which nothing broke.
func TestDistributionDropsNothing(t *testing.T) {
	records := judgedRepeats(t)
	for i := range 9 {
		records = append(records, neverBack(t, i))
	}
	d := Distributions(records)[0]
	if d.RTA.N != 17 || d.Recovered != 8 || !d.RTA.Median.At.Beyond || !d.RTA.Max.Beyond || d.Worst.Judgement.Recovered ||
		d.Verdict != harness.Missed {
		t.Errorf("%s; %+v", d.Sentence(), d.RTA)
	}
	if !strings.Contains(d.Sentence(), "not back within") {
		t.Errorf("the sentence does not say that the worst never came back: %s", d.Sentence())
	}
	metrics := render(t, Run{Records: records}, "metrics")
	if !strings.Contains(metrics, `statistic="median"} +Inf`) || !strings.Contains(metrics, `statistic="median_low"} 3.3`) {
		t.Errorf("the metrics do not say that the median is beyond every figure:\n%s",
			metrics[strings.Index(metrics, "# TYPE reprise_repeated_rta"):])
	}

	quiet := repeatedWith(t, "quiet", "consul has a leader")
	d = Distributions([]harness.Record{judgedRepeats(t)[0], judged(quiet)})[0]
	if d.Unmeasured != 1 || d.RTA.N != 1 || d.Verdict != harness.Inconclusive {
		t.Errorf("a drill in which nothing broke: %s; %+v", d.Sentence(), d)
	}
	if none := Distributions([]harness.Record{judged(quiet), judged(quiet)})[0]; none.RTA.N != 0 ||
		none.Verdict != harness.Inconclusive || drawStrip(none) != nil {
		t.Errorf("nothing broke in any drill: %s", none.Sentence())
	}
}

// TestDistributionsNeedTwo proves that different specs are not mixed. Method: records that differ in
// the scenario or in the title.
func TestDistributionsNeedTwo(t *testing.T) {
	records := judgedRepeats(t)[:3]
	records[1].Scenario, records[2].Title = "other", "another"
	if got := Distributions(records); len(got) != 0 {
		t.Errorf("%d distributions of single drills", len(got))
	}
}

// TestStrip proves that the picture shows every drill once, inside, none on top of another, and that
// one that did not recover stands beyond the scale. Method: check the places of all dots.
func TestStrip(t *testing.T) {
	d := Distributions(append(judgedRepeats(t), neverBack(t, 1), neverBack(t, 2)))[0]
	drawn := drawStrip(d)
	if len(drawn.Dots) != len(d.Records) {
		t.Fatalf("%d dots for %d drills", len(drawn.Dots), len(d.Records))
	}
	for i, one := range drawn.Dots {
		x := place(t, one.X)
		if x < 0 || x > 100 || one.Y < 0 || one.Y > drawn.Axis {
			t.Errorf("%+v lies outside", one)
		}
		if recovered := d.Records[i].Judgement.Recovered; recovered == (x > stripScale) || recovered == (one.Shape == "arrow") {
			t.Errorf("%+v: recovered is %v", one, recovered)
		}
		for _, other := range drawn.Dots[:i] {
			if one.Y == other.Y && math.Abs(x-place(t, other.X)) < dotWidth {
				t.Errorf("%+v covers %+v", one, other)
			}
		}
	}
	if drawn.Interval == nil || len(drawn.Ticks) < 2 {
		t.Errorf("no interval or no ticks: %+v", drawn)
	}
}
