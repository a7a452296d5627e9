package reports

import (
	"fmt"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// An outcome is what a run makes of a drill: it decides the colour, the mark and the exit code.
type outcome int

const (
	asClaimed    outcome = iota // the verdict is the one the spec claims
	notAsClaimed                // it is another one
	inconclusive                // nothing was proved, whatever the spec claims
)

func outcomeOf(record harness.Record) outcome {
	switch verdict := record.Judgement.Verdict; {
	case verdict != harness.Met && verdict != harness.Missed:
		return inconclusive // also a record that nobody judged
	case record.Judgement.AsClaimed:
		return asClaimed
	default:
		return notAsClaimed
	}
}

// A sign says how something ended: a mark where there is no colour, and the page's class.
type sign struct{ Mark, Class string }

var (
	good     = sign{"✓", "good"}
	bad      = sign{"✗", "bad"}
	doubtful = sign{"?", "doubt"}
	notable  = sign{"!", "doubt"} // nothing failed, and somebody should look
)

func (o outcome) sign() sign { return [...]sign{good, bad, doubtful}[o] }

// signOf sets a miss that went as its spec claims apart from what was met.
func signOf(outcome outcome, missed bool) sign {
	sign := outcome.sign()
	if outcome == asClaimed && missed {
		sign.Class = "control"
	}
	return sign
}

// isControl tells whether the spec claims that its drill misses: a control arm, or a procedure
// that is shown not to work.
func isControl(record harness.Record) bool {
	return record.Claim.Verdict == harness.Missed
}

// verdictWords names the verdict and, where that matters, whether it is the claimed one.
func verdictWords(record harness.Record) string {
	verdict := record.Judgement.Verdict
	switch {
	case verdict == "":
		return "inconclusive" // the drill ended before anybody judged it
	case outcomeOf(record) == inconclusive && record.Judgement.AsClaimed:
		return "inconclusive, as claimed" // still nothing was proved to recover: there was nothing to
	case outcomeOf(record) == inconclusive:
		return string(verdict)
	case !record.Judgement.AsClaimed:
		return string(verdict) + ", not as claimed"
	case verdict == harness.Missed:
		return "missed, as claimed"
	default:
		return string(verdict)
	}
}

// A tally counts the drills of a run by outcome.
type tally struct{ drills, met, missedAsClaimed, notAsClaimed, inconclusive int }

func tallyOf(drills []*view) tally {
	counts := tally{drills: len(drills)}
	for _, v := range drills {
		switch v.Outcome {
		case asClaimed:
			if v.Judgement.Verdict == harness.Met {
				counts.met++
			} else {
				counts.missedAsClaimed++
			}
		case notAsClaimed:
			counts.notAsClaimed++
		case inconclusive:
			counts.inconclusive++
		}
	}
	return counts
}

// words is the tally as a phrase, without what did not occur.
func (t tally) words() string {
	parts := occurred(count{t.met, "met"}, count{t.missedAsClaimed, "missed as claimed"}, count{t.notAsClaimed, "not as claimed"},
		count{t.inconclusive, "inconclusive"})
	if len(parts) == 0 {
		return "no drill was run"
	}
	return fmt.Sprintf("%s: %s", plural(t.drills, "drill"), strings.Join(parts, ", "))
}

// A count says how often something occurred.
type count struct {
	times int
	name  string
}

// occurred are the counts in words, without what did not occur.
func occurred(counts ...count) []string {
	var parts []string
	for _, one := range counts {
		if one.times > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", one.times, one.name))
		}
	}
	return parts
}

// cells are the columns of a drill's row: its figures, without the error bound where bare, what brought it back, the verdict.
func (v *view) cells(bare bool) [4]string {
	recovery := v.Figure
	if bare {
		recovery = v.Recovery
	}
	return [4]string{recovery + " / " + v.Target, v.Loss + " / " + v.LossGoal, v.By, v.Outcome.sign().Mark + " " + v.Verdict}
}

// headline is the run in one phrase.
func headline(drills tally, run Run) string {
	text := drills.words()
	counts := map[FailureKind]int{}
	for _, failure := range run.Failures {
		counts[failure.Kind]++
	}
	for _, part := range []struct {
		count       int
		noun, after string
	}{
		{counts[SpecFailed], "failed spec", ""},
		{counts[SuiteFailed], "failed suite", ""},
		{counts[NeverRan], "spec", " never ran"},
		{len(run.Skipped), "skipped spec", ""},
	} {
		if part.count > 0 {
			text += ", " + plural(part.count, part.noun) + part.after
		}
	}
	return text
}
