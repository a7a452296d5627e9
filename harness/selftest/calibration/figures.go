package calibration

import (
	"fmt"
	"slices"
	"time"
)

// latency is what an answer may take on top of the period in the promised error.
const latency = time.Millisecond

// Figures are what one way of measuring made of the outages. Durations are nanoseconds in JSON.
type Figures struct {
	Method  string `json:"method"`
	Outages int    `json:"outages"`
	// Measured have a figure; Merged were taken for a part of another one; the others were missed.
	Measured int    `json:"measured"`
	Merged   int    `json:"merged"`
	Missed   Missed `json:"missed"`
	// Invented is how many figures stand for no outage, Split how many for one that has another figure.
	Invented int `json:"invented"`
	Split    int `json:"split"`
	// Error is how far the figures are from the truth, and Sharp the same for those only of which the
	// record says that they are right to a period and a millisecond. Inconclusive are the others; they
	// and Violations, the truths outside of what the record says is possible, are 0 for methods that
	// say nothing of the kind.
	Error        Distribution `json:"error"`
	Sharp        Distribution `json:"sharp"`
	Inconclusive int          `json:"inconclusive"`
	Violations   int          `json:"violations"`
	// Stated is how far the figures may be off by the record's own account.
	Stated Distribution `json:"stated"`
	// Unproved are outages of which the truth itself is not known to a millisecond: they have no part in
	// the errors.
	Unproved int `json:"unproved"`
	// Lost and Back are the same as Error for the two edges of the outages.
	Lost Distribution `json:"lost"`
	Back Distribution `json:"back"`
	// TruthBlur is the largest error of the truth itself, the unproved ones included.
	TruthBlur time.Duration `json:"truth_blur_ns"`
	// Examples describe what should not be: violations, inventions, long outages that were missed, truths
	// that are not known well.
	Examples []string `json:"examples,omitempty"`
}

// Missed counts outages without a figure by their length, in periods of the observer.
type Missed struct {
	WithinOne int `json:"within_one_period"`
	WithinTwo int `json:"within_two_periods"`
	Longer    int `json:"longer"`
	// Blind are those of the longer ones of which the record says that nobody looked for that long.
	Blind int `json:"blind"`
}

func (m Missed) all() int { return m.WithinOne + m.WithinTwo + m.Longer + m.Blind }

// A Distribution is of absolute errors, by the nearest rank; Median keeps its sign.
type Distribution struct {
	Count  int           `json:"count"`
	Median time.Duration `json:"median_ns"`
	P50    time.Duration `json:"p50_ns"`
	P90    time.Duration `json:"p90_ns"`
	P99    time.Duration `json:"p99_ns"`
	Max    time.Duration `json:"max_ns"`
}

// distribution sorts errors; of none it is zero.
func distribution(errors []time.Duration) Distribution {
	if len(errors) == 0 {
		return Distribution{}
	}
	signed := slices.Sorted(slices.Values(errors))
	absolute := make([]time.Duration, len(errors))
	for i, e := range errors {
		absolute[i] = e.Abs()
	}
	slices.Sort(absolute)
	return Distribution{
		Count: len(errors), Median: rank(signed, 50), P50: rank(absolute, 50),
		P90: rank(absolute, 90), P99: rank(absolute, 99), Max: absolute[len(absolute)-1],
	}
}

// rank is the smallest value that is not exceeded by the percentage of the values.
func rank(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)*percent+99)/100-1]
}

// A measurement is everything one method made of the outages of an arm.
type measurement struct {
	method string
	matching
	blind  map[string]time.Duration // of a service: the longest time that the record says nobody looked
	margin time.Duration            // how far the clocks of truth and measurement may be apart
}

// figures sums the measurement up.
func (m measurement) figures() Figures {
	sum := Figures{
		Method: m.method, Outages: len(m.pairs) + len(m.missed) + len(m.merged),
		Measured: len(m.pairs), Merged: len(m.merged), Invented: len(m.invented), Split: len(m.split),
	}
	m.sumErrors(&sum)
	for _, missed := range m.missed {
		switch length := missed.length(); {
		case length <= period:
			sum.Missed.WithinOne++
		case length <= 2*period:
			sum.Missed.WithinTwo++
		case length <= m.blind[missed.service]:
			sum.Missed.Blind++
		default:
			sum.Missed.Longer++
			sum.Examples = addExample(sum.Examples, "missed: %s was away for %v at %v", missed.service, length, missed.down.middle())
		}
	}
	for _, invented := range m.invented {
		sum.Examples = addExample(sum.Examples, "invented: %s was up, and measured as away for %v at %v", invented.service,
			invented.length(), invented.lost)
	}
	return sum
}

// sumErrors sums the pairs up.
func (m measurement) sumErrors(sum *Figures) {
	var errors, sharp, stated, lost, back []time.Duration
	for _, pair := range m.pairs {
		sum.TruthBlur = max(sum.TruthBlur, pair.truth.blur())
		if pair.violated(m.margin) {
			sum.Violations++
			sum.Examples = addExample(sum.Examples, "outside its bounds: %+v", pair)
		}
		if pair.seen.bounded {
			stated = append(stated, pair.seen.stated())
		}
		if pair.truth.blur() > latency {
			sum.Unproved++
			sum.Examples = addExample(sum.Examples, "unproved: %s went away within %v and came back within %v, at %v", pair.truth.service,
				pair.truth.down.by-pair.truth.down.after, pair.truth.up.by-pair.truth.up.after, pair.truth.down.after)
			continue
		}
		errors = append(errors, pair.error())
		lost = append(lost, pair.seen.lost-pair.truth.down.middle())
		back = append(back, pair.seen.back-pair.truth.up.middle())
		if pair.sharp() {
			sharp = append(sharp, pair.error())
		} else if pair.seen.bounded {
			sum.Inconclusive++
		}
	}
	sum.Error, sum.Sharp, sum.Stated = distribution(errors), distribution(sharp), distribution(stated)
	sum.Lost, sum.Back = distribution(lost), distribution(back)
}

// mostExamples is enough to see what is wrong.
const mostExamples = 20

func addExample(examples []string, format string, arguments ...any) []string {
	if len(examples) >= mostExamples {
		return examples
	}
	return append(examples, fmt.Sprintf(format, arguments...))
}
