package reports

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// confidence is the least probability with which an interval holds the quantile of all drills that
// could have been run.
const confidence = 0.95

// A Bound is a time of a distribution. Beyond says that the drill it stands for had not recovered by
// then: the time is longer than Value, and counts as longer than that of every drill that did.
type Bound struct {
	Value  time.Duration
	Beyond bool
}

// String writes the time as every report does, "> 40 s" when it is only known to be longer.
func (b Bound) String() string {
	if b.Beyond {
		return "> " + FormatDuration(b.Value)
	}
	return FormatDuration(b.Value)
}

// longerThan orders what did not recover behind everything that did.
func (b Bound) longerThan(other Bound) bool { return compareBounds(b, other) > 0 }

func compareBounds(a, b Bound) int {
	switch {
	case a.Beyond && !b.Beyond:
		return 1
	case !a.Beyond && b.Beyond:
		return -1
	case a.Value < b.Value:
		return -1
	case a.Value > b.Value:
		return 1
	}
	return 0
}

// A Quantile is one of the drills that were run, as an estimate for all that could have been.
type Quantile struct {
	At Bound
	// Low and High enclose the quantile with the probability Coverage, which is at least 0.95.
	// They mean nothing when Coverage is 0: there are too few drills for an interval, and Needed says
	// how many it takes.
	Low, High Bound
	Coverage  float64
	Needed    int
}

// Interval writes the confidence interval, or says plainly that there is none.
func (q Quantile) Interval() string {
	if q.Coverage == 0 {
		return fmt.Sprintf("n too small for an interval: it takes %d", q.Needed)
	}
	return fmt.Sprintf("%.1f %% interval: %s to %s", 100*q.Coverage, q.Low, q.High)
}

// A Spread is what is said of a row of times.
type Spread struct {
	N           int // how many there are; the rest means nothing when it is 0
	Median, P95 Quantile
	Max         Bound
}

// spreadOf sorts the times and reads them off; it changes its argument's order.
//
// The quantiles are nearest ranks: of n sorted times, the one in place ⌈pn⌉. For an even n the median
// is the mean of the two in the middle, as everybody expects.
//
// The confidence intervals are distribution-free: whatever the distribution of the times, the number
// of n independent ones below its p-quantile is binomial, B(n, p), so that the times in places l and u
// enclose the quantile with the probability P(l ≤ B < u). l is the largest and u the smallest place
// that leave at most 2.5 % outside on its side. Source: W. Q. Meeker, G. J. Hahn, L. A. Escobar,
// "Statistical Intervals", 2nd edition, Wiley 2017, section 5.2. Such places exist from 6 times on for
// the median and from 72 on for the 95th percentile. A time that is only known to be longer than
// every other one keeps its place, so it needs no special treatment.
func spreadOf(times []Bound) Spread {
	if len(times) == 0 {
		return Spread{}
	}
	slices.SortFunc(times, compareBounds)
	spread := Spread{N: len(times), Max: times[len(times)-1], Median: quantileOf(times, 0.5), P95: quantileOf(times, 0.95)}
	if middle := len(times) / 2; len(times)%2 == 0 {
		spread.Median.At = mean(times[middle-1], times[middle])
	}
	return spread
}

// mean is the middle of two times; of one that is known and one that has no end, it is a lower bound.
func mean(a, b Bound) Bound {
	if b.Beyond && !a.Beyond {
		return Bound{Value: a.Value, Beyond: true}
	}
	return Bound{Value: a.Value + (b.Value-a.Value)/2, Beyond: b.Beyond}
}

func quantileOf(sorted []Bound, p float64) Quantile {
	n := len(sorted)
	quantile := Quantile{At: sorted[nearestRank(n, p)-1], Needed: leastForInterval(p)}
	if low, high, coverage := intervalRanks(n, p); coverage > 0 {
		quantile.Low, quantile.High, quantile.Coverage = sorted[low-1], sorted[high-1], coverage
	}
	return quantile
}

// nearestRank is ⌈pn⌉, counted from 1. The small subtraction undoes what 0.95·20 is too much in binary.
func nearestRank(n int, p float64) int {
	return max(1, int(math.Ceil(p*float64(n)-1e-9)))
}

// intervalRanks are the places, counted from 1, that enclose the quantile, and how probably; the
// probability is 0 when n is too small for any.
func intervalRanks(n int, p float64) (low, high int, coverage float64) {
	const outside = (1 - confidence) / 2
	below := 0.0 // P(B < k)
	var belowLow, belowHigh float64
	for k := 0; k <= n; k++ {
		if below <= outside {
			low, belowLow = k, below
		}
		if high == 0 && 1-below <= outside {
			high, belowHigh = k, below
		}
		below += binomial(n, k, p)
	}
	if low < 1 || high == 0 {
		return 0, 0, 0
	}
	return low, high, belowHigh - belowLow
}

// binomial is P(B = k), by logarithms so that a large n does no harm.
func binomial(n, k int, p float64) float64 {
	return math.Exp(logFactorial(n) - logFactorial(k) - logFactorial(n-k) + float64(k)*math.Log(p) + float64(n-k)*math.Log(1-p))
}

func logFactorial(n int) float64 {
	value, _ := math.Lgamma(float64(n + 1))
	return value
}

// leastForInterval is how many times an interval for the quantile takes.
func leastForInterval(p float64) int {
	for n := 1; ; n++ {
		if _, _, coverage := intervalRanks(n, p); coverage > 0 {
			return n
		}
	}
}
