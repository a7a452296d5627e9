package verdicts

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/systems/consul"
)

// shortly is what drills are judged against that never recover; patiently, those that do so too late: a
// server that was away for so long may vote again only when autopilot has watched it for ten seconds.
var (
	shortly = harness.Objective{
		RTO: 3 * time.Second, Dwell: 1500 * time.Millisecond, DetectWithin: 4 * time.Second,
		GiveUpAfter: 8 * time.Second,
	}
	patiently = harness.Objective{
		RTO: shortly.RTO, Dwell: shortly.Dwell, DetectWithin: shortly.DetectWithin,
		GiveUpAfter: 30 * time.Second,
	}
)

// The outcomes of broken drills.

func neverBack() outcome {
	return outcome{
		verdict: harness.Missed, by: harness.ByNobody,
		reason: "the steady state did not come back within",
	}.missing(harness.NotRecovered)
}

func nothingProved(reason string, misses ...harness.Miss) outcome {
	return outcome{verdict: harness.Inconclusive, misses: misses, reason: reason}
}

// missing is the outcome with a target that is missed in these ways.
func (o outcome) missing(misses ...harness.Miss) outcome {
	o.verdict, o.misses = harness.Missed, misses
	return o
}

func brokenFamilies() []family {
	families := []family{
		{name: "the runbook does nothing", drills: 2, draw: drawIdle},
		{name: "the runbook repairs the wrong server", drills: 2, draw: drawWrongServer},
		{name: "the runbook comes too late", drills: 2, draw: drawLate},
		{name: "the runbook stumbles halfway", drills: 2, draw: drawStumble},
		{name: "the fault does not bite", drills: 3, draw: drawToothless},
		{name: "acknowledged writes are lost", drills: 3, draw: drawLoss},
		{name: "the ledger lies", drills: 2, draw: drawLiar},
		{name: "refused writes are there afterwards", drills: 1, draw: drawReappearing},
		{name: "the service flaps", drills: 2, draw: drawFlapping},
		{name: "only the revert brings it back", drills: 2, draw: drawReverted},
		{name: "who is named as unaffected is not", drills: 1, draw: drawHit},
		{name: "nobody looks for a while", drills: 2, draw: drawStalled},
		{name: "the peace is broken before the fault", drills: 1, draw: drawUnrest},
	}
	for i := range families {
		families[i].broken = true
	}
	return families
}

func drawIdle(dice *rand.Rand, i int) plan {
	who, delay := leaderOrFollower(i), between(dice, time.Second, 3*time.Second)
	return plan{
		detail: fmt.Sprintf("%s killed, looked at after %v", who, delay), objective: shortly, steady: agrees(), fault: killed(who),
		repair: repairing("look and leave", delay, onlyLook(who)), known: neverBack(),
	}
}

func drawWrongServer(dice *rand.Rand, i int) plan {
	delay := between(dice, time.Second, 3*time.Second)
	if i%2 == 1 {
		return plan{
			detail: fmt.Sprintf("the button of another machine is pressed after %v", delay), objective: shortly, steady: agrees(),
			fault: unpowered(theFollower), repair: repairing("press a button", delay, press(theOther)), known: neverBack(),
		}
	}
	restart := func(s *drillRun) []harness.Runbook {
		return append(repairing("come", delay)(s), runbook.Restart{Service: consul.Agents().On(s.node(theOther))})
	}
	return plan{
		detail: fmt.Sprintf("another one is restarted after %v", delay), objective: shortly, steady: agrees(),
		fault: lost(theFollower), repair: restart, known: neverBack(),
	}
}

// drawLate comes later than the RTO by more than any figure's resolution.
func drawLate(dice *rand.Rand, i int) plan {
	who, delay := leaderOrFollower(i), shortly.RTO+between(dice, time.Second, 3*time.Second)
	known := byRunbook(delay).missing(harness.TooLate)
	return plan{
		detail: fmt.Sprintf("%s after %v", who, delay), objective: patiently, steady: agrees(), fault: killed(who),
		repair: repairing("start it", delay, start(who)), known: known,
	}
}

func drawStumble(dice *rand.Rand, i int) plan {
	who, delay := leaderOrFollower(i), between(dice, time.Second, 3*time.Second)
	return plan{
		detail: fmt.Sprintf("%s is never started", who), objective: shortly, steady: agrees(), fault: killed(who),
		repair: repairing("run a script, then start it", delay, fail, start(who)), known: neverBack(),
	}
}

func drawToothless(_ *rand.Rand, i int) plan {
	toothless := []plan{
		{
			detail: "there is none", steady: agrees(), fault: func(*drillRun) harness.Fault { return fault.NoFault{} },
			known: nothingProved("the fault broke nothing", harness.NeverDetected),
		},
		{
			detail: "the pause is over before anybody can prove it", steady: agrees(),
			fault: func(s *drillRun) harness.Fault { return fleeting{paused(theFollower)(s)} },
			known: nothingProved("nothing proved that the fault bites"),
		},
		{
			detail: "it kills what the service does not need", steady: leads(), fault: killed(theFollower),
			known: nothingProved("the fault broke nothing", harness.NeverDetected),
		},
	}
	chosen := toothless[i%len(toothless)]
	chosen.objective = shortly
	return chosen
}

func drawLoss(dice *rand.Rand, i int) plan {
	delay, number := between(dice, time.Second, 3*time.Second), count(dice, 1, 8)
	known := byRunbook(delay).missing(harness.DataLost)
	known.lost, known.reason = number, fmt.Sprintf("%d of ", number)
	told := plan{objective: inTime, steady: agrees(), fault: killed(theFollower), known: known}
	if i%2 == 1 {
		told.detail = fmt.Sprintf("%d by the runbook, during the outage", number)
		told.repair = repairing("clean up and start it", delay, breakOther(number, dice.Int()), start(theFollower))
		return told
	}
	told.detail = fmt.Sprintf("%d behind everybody's back, after the recovery", number)
	told.repair, told.after = repairing("start it", delay, start(theFollower)), loseAcknowledged(number, dice.Int())
	return told
}

func drawLiar(dice *rand.Rand, i int) plan {
	delay, number := between(dice, time.Second, 3*time.Second), count(dice, 1, 6)
	told := plan{
		objective: inTime, steady: agrees(), fault: killed(theFollower),
		repair: repairing("start it", delay, start(theFollower)),
	}
	if i%2 == 1 {
		told.detail = fmt.Sprintf("it lists %d writes that nobody made", number)
		told.ledger = func(honest harness.Ledger) harness.Ledger { return inventor{honest, invent(number)} }
		told.known = nothingProved("never wrote", harness.Doubted)
		return told
	}
	lies := map[int]bool{}
	for _, entry := range dice.Perm(12)[:number] {
		lies[entry+1] = true // all of them are written before the fault, which waits for 15 writes
	}
	told.detail = fmt.Sprintf("it acknowledges %d writes that it never makes", number)
	told.ledger = func(honest harness.Ledger) harness.Ledger { return boaster{honest, lies} }
	told.after = func(_ context.Context, s *drillRun) error {
		s.lost = slices.Collect(maps.Keys(lies))
		return nil
	}
	told.known = byRunbook(delay).missing(harness.DataLost)
	told.known.lost, told.known.reason = number, fmt.Sprintf("%d of ", number)
	return told
}

// invent makes numbers that no drill gets to.
func invent(number int) []int {
	var entries []int
	for i := range number {
		entries = append(entries, 1_000_000+i)
	}
	return entries
}

// drawReappearing is no miss: what was refused and is there afterwards is counted apart.
func drawReappearing(dice *rand.Rand, _ int) plan {
	delay, number := between(dice, 2*time.Second, 4*time.Second), count(dice, 1, 5)
	known := byRunbook(delay)
	known.reappeared = number
	return plan{
		detail: fmt.Sprintf("%d of them", number), objective: inTime, steady: leads(),
		fault:  func(*drillRun) harness.Fault { return blackout{} },
		repair: repairing("start everything", delay, startEverything), after: writeRefused(number), known: known,
	}
}

func drawFlapping(dice *rand.Rand, i int) plan {
	objective := shortly
	objective.Dwell, objective.GiveUpAfter = 2*time.Second, 16*time.Second
	told := plan{objective: objective, steady: harness.All(flag()), prepare: raise}
	end := shortly.RTO + between(dice, 2*time.Second, 5*time.Second)
	if i%2 == 1 {
		objective.GiveUpAfter = 8 * time.Second
		told.objective, end = objective, 2*objective.GiveUpAfter
		told.detail, told.known = "and never stops", neverBack()
		told.fault = flaps(turns(dice, end)...)
		return told
	}
	told.detail = fmt.Sprintf("and stops after %v", end)
	told.fault = flaps(turns(dice, end)...)
	told.known = bySelf().missing(harness.TooLate)
	told.known.earliest = end
	return told
}

// turns draws how long the service is down, up, down and so on, up to the end. It is never up for
// more than half the dwell.
func turns(dice *rand.Rand, end time.Duration) []time.Duration {
	var all []time.Duration
	for left := end; ; {
		down, up := between(dice, 600*time.Millisecond, 1200*time.Millisecond), between(dice, 300*time.Millisecond, time.Second)
		if left < down+up+600*time.Millisecond {
			return append(all, left)
		}
		all = append(all, down, up)
		left -= down + up
	}
}

func drawReverted(dice *rand.Rand, i int) plan {
	told := plan{objective: patiently, steady: agrees(), fault: unpowered(theFollower)}
	if i%2 == 1 {
		told.revert = between(dice, 2*time.Second, 2500*time.Millisecond)
		told.detail = fmt.Sprintf("after %v, before the RTO was over", told.revert)
		told.known = nothingProved("what came back then is no recovery", harness.LiftedEarly)
		told.known.by = harness.ByRevert
		return told
	}
	told.revert = shortly.RTO + between(dice, 500*time.Millisecond, 2*time.Second)
	told.detail = fmt.Sprintf("after %v", told.revert)
	told.known = outcome{by: harness.ByRevert, reason: "came back only when the fault was lifted"}.missing(harness.OnlyByRevert)
	return told
}

func drawHit(dice *rand.Rand, _ int) plan {
	delay := between(dice, 1500*time.Millisecond, 3*time.Second)
	known := byRunbook(delay).missing(harness.UnaffectedFailed.Of(consul.Leader().Name()))
	known.reason = "was named as unaffected and failed"
	return plan{
		detail: "the leadership, when the leader is killed", objective: inTime, steady: agrees(),
		spared: []harness.Probe{consul.Leader()}, fault: killed(theLeader),
		repair: repairing("start it", delay, start(theLeader)), known: known,
	}
}

// drawStalled stalls the harness for longer than the dwell: a return could hide in that.
func drawStalled(dice *rand.Rand, i int) plan {
	length := inTime.Dwell + between(dice, time.Second, 2*time.Second)
	told := plan{objective: inTime, known: nothingProved("could hide in that", harness.NobodyLooked)}
	if i%2 == 1 {
		told.detail = fmt.Sprintf("for %v, while the others elect", length)
		told.steady, told.fault = leads(), killed(theLeader)
		told.stall = stall{after: 300 * time.Millisecond, length: length}
		return told
	}
	delay := between(dice, 300*time.Millisecond, time.Second)
	told.detail = fmt.Sprintf("for %v, while a server is away", length)
	told.steady, told.fault = agrees(), killed(theFollower)
	told.repair = repairing("start it", length+delay, start(theFollower))
	told.stall = stall{after: time.Second, length: length}
	return told
}

// drawUnrest kills a server that the fault is then meant to kill too.
func drawUnrest(dice *rand.Rand, _ int) plan {
	before := between(dice, time.Second, 2*time.Second)
	return plan{
		detail: fmt.Sprintf("by %v", before), objective: shortly, steady: agrees(), fault: killed(theOther),
		beforeFault: func(ctx context.Context, s *drillRun) error {
			nodeActions := []harness.NodeActions{{
				Node:    s.node(theFollower),
				Actions: []harness.Action{{Signal: &harness.Signal{Name: "KILL"}}},
			}}
			if _, err := s.Lab.Apply(ctx, nodeActions); err != nil {
				return err
			}
			return waitUntil(ctx, time.Now().Add(before))
		},
		repair: repairing("start everything", time.Second, startEverything),
		known:  nothingProved("the steady state did not hold until the fault"),
	}
}

// ways are the names of the families that are broken on purpose.
func ways() []string {
	var names []string
	for _, family := range brokenFamilies() {
		names = append(names, family.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
