package verdicts

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A family is one way in which drills go right, or are broken on purpose.
type family struct {
	name   string // one line; also a label of the record, so it holds none of Ginkgo's operators
	broken bool
	drills int
	// draw makes the i-th drill of the family.
	draw func(dice *rand.Rand, i int) plan
}

// A plan is one drill: what is done, and what must come of it.
type plan struct {
	detail    string // what was drawn, for the title
	objective harness.Objective
	steady    harness.SteadyState
	spared    []harness.Probe // named as unaffected

	ledger      func(harness.Ledger) harness.Ledger             // what stands before the real ledger; nil: nothing
	prepare     func(context.Context, *drillRun) error          // before the steady state is proved
	beforeFault func(context.Context, *drillRun) error          // just before the fault
	fault       func(*drillRun) harness.Fault                   // the cause
	second      func(*drillRun) (harness.Fault, harness.Moment) // strikes during the recovery; nil: none
	repair      func(*drillRun) []harness.Runbook               // what the operator does; nil: nobody repairs
	revert      time.Duration                                   // when the harness lifts the fault, after t0; 0: not
	stall       stall                                           // of the harness itself
	after       func(context.Context, *drillRun) error          // between the recovery and the reading back

	// pause is how long everything is left alone before the fault, so that faults strike at any moment
	// between two heartbeats.
	pause time.Duration

	known outcome
}

// An outcome is what must come of a drill.
type outcome struct {
	verdict harness.Verdict
	misses  []harness.Miss      // none where the drill is met, or what else is doubted cannot be foretold
	by      harness.RecoveredBy // "" where the drill is inconclusive before that matters
	reason  string              // part of one of the judgement's reasons
	// earliest is the time after t0 before which nothing can have brought the service back.
	earliest   time.Duration
	declared   time.Duration
	lost       int
	reappeared int
	spared     []string // SLIs that were rightly named as unaffected
}

// A drawn drill is a plan with its place among the others.
type drawn struct {
	number int
	family family
	plan
}

func (d drawn) text() string {
	kind := "sound"
	if d.family.broken {
		kind = "broken"
	}
	return fmt.Sprintf("%02d %s: %s (%s)", d.number, kind, d.family.name, d.detail)
}

// labels tell the records of the drills apart, see [CountOf].
func (d drawn) labels() []string {
	if d.family.broken {
		return []string{Broken, d.family.name}
	}
	return []string{Sound, d.family.name}
}

// drawAll draws all drills of a seed. Every drill has dice of its own: another family before it
// changes nothing but its number.
func drawAll(seed int64) []drawn {
	var all []drawn
	for place, family := range append(soundFamilies(), brokenFamilies()...) {
		for i := range family.drills {
			dice := rand.New(rand.NewPCG(uint64(seed), uint64(place*1000+i)))
			told := family.draw(dice, i)
			told.pause = between(dice, 0, time.Second)
			all = append(all, drawn{number: len(all) + 1, family: family, plan: told})
		}
	}
	return all
}

// between draws a duration, in whole 10 ms so that titles stay short.
func between(dice *rand.Rand, from, to time.Duration) time.Duration {
	const step = 10 * time.Millisecond
	return from + time.Duration(dice.Int64N(int64((to-from)/step)+1))*step
}

// count draws a number of writes.
func count(dice *rand.Rand, from, to int) int { return from + dice.IntN(to-from+1) }

// A role is what a server has in a drill.
type role string

// The parts. Who plays which is known when the cluster has elected.
const (
	theLeader   role = "the leader"
	theFollower role = "a follower"
	theOther    role = "the other follower"
)

// leaderOrFollower alternates, so that a family of two has both.
func leaderOrFollower(i int) role { return []role{theLeader, theFollower}[i%2] }
