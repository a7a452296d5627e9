package verdicts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// slack is how much later than the second observer the harness may see the same: the time an answer takes on a
// machine that is busy with three servers.
const slack = 250 * time.Millisecond

// facts are what a drill knows without its record.
type facts struct {
	began, ended time.Time // the fault struck between them
	oldestLost   time.Time // when the oldest write that was lost on purpose was acknowledged
	seen         observations
}

func (s *drillRun) facts(w *secondObserver) facts {
	known := facts{began: s.began, ended: s.ended, seen: w.since(s.began)}
	if len(s.lost) > 0 {
		known.oldestLost = s.recordingLedger.oldest(s.lost)
	}
	return known
}

// noting is how far apart the recording ledger and the harness may note the same acknowledgement, on a machine
// that is busy: one is told right after the other.
const noting = 20 * time.Millisecond

// A comparison says what became of a drill whose outcome is known.
type comparison struct {
	wrong []string // what the judge got wrong
	busy  string   // why it could not say, through no fault of its own; "" when it could
}

// sentence is kept with the record; [CountOf] counts by its beginning.
func (c comparison) sentence() string {
	switch {
	case len(c.wrong) > 0:
		return Wrong + ": " + strings.Join(c.wrong, "; ")
	case c.busy != "":
		return Starved + ", the machine was busy: " + c.busy
	}
	return Right
}

// compare holds a judgement against what is known of the drill.
func compare(known outcome, record harness.Record, facts facts) comparison {
	judgement := record.Judgement
	if judgement.Verdict == harness.Inconclusive && known.verdict != harness.Inconclusive && starved(record) {
		return comparison{busy: strings.Join(judgement.Reasons, "; ")}
	}
	wrong := slices.Concat(verdict(known, judgement), data(known, record, facts))
	if judgement.Recovered && known.verdict != harness.Inconclusive {
		wrong = append(wrong, times(known, record, facts)...)
	}
	return comparison{wrong: wrong}
}

// starved tells whether the harness or a node did not get the processor.
func starved(record harness.Record) bool {
	return len(record.Interruptions) > 0 || slices.ContainsFunc(record.SLIs, func(sli harness.RecordSLI) bool {
		return sli.LongestGap > 0
	})
}

// verdict compares what was said.
func verdict(known outcome, judgement harness.Judgement) []string {
	var wrong []string
	if judgement.Verdict != known.verdict {
		wrong = append(wrong, fmt.Sprintf("the verdict is %s, not %s (%s)", judgement.Verdict, known.verdict,
			strings.Join(judgement.Reasons, "; ")))
	}
	if claim := (harness.Claim{Verdict: known.verdict, Misses: known.misses}); len(known.misses) > 0 &&
		len(claim.Unclaimed(judgement.Misses))+len(claim.Unfound(judgement.Misses)) > 0 {
		wrong = append(wrong, fmt.Sprintf("the misses are %q, not %q", judgement.Misses, known.misses))
	}
	if known.by != "" && judgement.RecoveredBy != known.by {
		wrong = append(wrong, fmt.Sprintf("it was recovered by %s, not by %s", judgement.RecoveredBy, known.by))
	}
	if !slices.ContainsFunc(judgement.Reasons, func(reason string) bool { return strings.Contains(reason, known.reason) }) {
		wrong = append(wrong, fmt.Sprintf("no reason says %q: %s", known.reason, strings.Join(judgement.Reasons, "; ")))
	}
	if !slices.Equal(judgement.Spared, known.spared) {
		wrong = append(wrong, fmt.Sprintf("spared were %q, not %q", judgement.Spared, known.spared))
	}
	if judgement.Declared != known.declared {
		wrong = append(wrong, fmt.Sprintf("%v are declared, not %v", judgement.Declared, known.declared))
	}
	return wrong
}

// data compares what became of the writes.
func data(known outcome, record harness.Record, facts facts) []string {
	var wrong []string
	reappeared := 0
	for _, ledger := range record.Ledgers {
		reappeared += ledger.Reappeared
	}
	if record.Judgement.Lost != known.lost {
		wrong = append(wrong, fmt.Sprintf("%d writes are lost, not %d", record.Judgement.Lost, known.lost))
	}
	if reappeared != known.reappeared {
		wrong = append(wrong, fmt.Sprintf("%d writes reappeared, not %d", reappeared, known.reappeared))
	}
	if !facts.oldestLost.IsZero() {
		from, to := facts.began.Sub(facts.oldestLost)-noting, facts.ended.Sub(facts.oldestLost)+noting
		if rpa := record.Judgement.RPA; rpa < from || rpa > to {
			wrong = append(wrong, fmt.Sprintf("the RPA is %v, not between %v and %v", rpa, from, to))
		}
	}
	return wrong
}

// times compares the figures of a recovery with what the second observer saw, within the resolution that the
// judgement states itself.
func times(known outcome, record harness.Record, facts facts) []string {
	judgement := record.Judgement
	measured := judgement.RTA - judgement.Declared
	wrong := beginnings(judgement.TTD, facts, record)
	if measured < known.earliest {
		wrong = append(wrong, fmt.Sprintf("the RTA is %v, and nothing was done before %v", measured, known.earliest))
	}
	if !facts.seen.returned {
		return append(wrong, "the service is back, and the second observer never saw it")
	}
	from := facts.seen.lastFail.asked.Sub(facts.ended) - judgement.Resolution
	to := facts.seen.back.answered.Sub(facts.began) + judgement.Resolution + slack
	if measured < from || measured > to {
		wrong = append(wrong, fmt.Sprintf("the RTA is %v (± %v), and the second observer saw the service back between %v and %v after "+
			"the fault", measured, judgement.Resolution, from+judgement.Resolution, to-judgement.Resolution-slack))
	}
	return wrong
}

// beginnings compares t0 and the time to detect with what the drill knows.
func beginnings(ttd time.Duration, facts facts, record harness.Record) []string {
	var wrong []string
	t0 := record.Started.Add(record.Fault.At)
	if t0.Before(facts.began.Add(-record.Fault.Uncertainty-clocks)) || t0.After(facts.ended.Add(record.Fault.Uncertainty+clocks)) {
		wrong = append(wrong, fmt.Sprintf("t0 is %v after the fault was called, which took %v", t0.Sub(facts.began),
			facts.ended.Sub(facts.began)))
	}
	if !facts.seen.failed {
		return append(wrong, "the service failed, and the second observer never saw it")
	}
	period := time.Duration(0)
	for _, sli := range record.SLIs {
		if sli.Steady {
			period = max(period, sli.Period, sli.LongestGap)
		}
	}
	if latest := facts.seen.known.Sub(facts.began) + period + slack; ttd > latest {
		wrong = append(wrong, fmt.Sprintf("the TTD is %v, and the second observer knew of the failure by %v", ttd, latest))
	}
	return wrong
}

// clocks is how far the wall clock, which the record's beginning is written in, and the monotonic one
// may differ within a drill.
const clocks = 5 * time.Millisecond
