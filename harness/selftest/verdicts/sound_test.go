package verdicts

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/systems/consul"
)

// inTime is what sound drills are judged against. A Consul server that is back within three and a half
// seconds is a voter again within two more. One that stays away for longer is declared dead by gossip,
// after four seconds of suspicion, and removed by autopilot: then it has to wait for ten seconds before
// it may vote again, and no delay below says how long the recovery takes.
var inTime = harness.Objective{
	RTO: 10 * time.Second, Dwell: 1500 * time.Millisecond, DetectWithin: 4 * time.Second,
	GiveUpAfter: 16 * time.Second,
}

// leads is the steady state that a minority of lost servers leaves standing once the others have
// elected; agrees needs all of them.
func leads() harness.SteadyState  { return harness.All(consul.Leader()) }
func agrees() harness.SteadyState { return harness.All(consul.Quorum(servers)) }

// The outcomes of sound drills.
const backInTime = "clients had the service back"

func bySelf() outcome {
	return outcome{verdict: harness.Met, by: harness.BySelf, reason: backInTime}
}

func byRunbook(earliest time.Duration) outcome {
	return outcome{verdict: harness.Met, by: harness.ByRunbook, reason: backInTime, earliest: earliest}
}

func soundFamilies() []family {
	return []family{
		{name: "the leader is lost and the others elect", drills: 4, draw: drawElection},
		{
			name: "a killed server is started again", drills: 4,
			draw: drawRepaired(killed, "start it", start, time.Second, 3*time.Second),
		},
		{
			name: "a server without power gets it back", drills: 3,
			draw: drawRepaired(unpowered, "press its button", press, 1500*time.Millisecond, 3*time.Second),
		},
		{
			name: "a lost machine is switched on again", drills: 2,
			draw: drawRepaired(lost, "press its button", press, time.Second, 3*time.Second),
		},
		{
			// Longer than the probe's time limit: a question that is answered late is answered.
			name: "a paused server goes on", drills: 2,
			draw: drawRepaired(paused, "let it go on", wake, 3*time.Second, 3500*time.Millisecond),
		},
		{name: "all servers are killed and started again", drills: 2, draw: drawBlackout},
		{name: "the service is away for a drawn time", drills: 2, draw: drawGap},
		{name: "a second server is killed during the repair", drills: 2, draw: drawSecond},
		{name: "a part of the repair is declared", drills: 1, draw: drawDeclared},
		{name: "the writes that are lost are within the RPO", drills: 1, draw: drawLossWithin},
		{name: "who is named as unaffected stays so", drills: 1, draw: drawSpared},
		{name: "every server is renumbered and the runbook follows", drills: 1, draw: drawRenumbering},
	}
}

func drawElection(_ *rand.Rand, i int) plan {
	losses := []struct {
		how   string
		fault func(role) func(*drillRun) harness.Fault
	}{
		{"its process killed", killed},
		{"its machine lost", lost},
		{"its power lost", unpowered},
		{"its process killed, once more", killed},
	}
	loss := losses[i%len(losses)]
	return plan{detail: loss.how, objective: inTime, steady: leads(), fault: loss.fault(theLeader), known: bySelf()}
}

// drawRepaired strikes a server, and has its operator put that right after a delay between the two.
func drawRepaired(
	strike func(role) func(*drillRun) harness.Fault, name string, repair func(role) maker, least, most time.Duration,
) func(*rand.Rand, int) plan {
	return func(dice *rand.Rand, i int) plan {
		who, delay := leaderOrFollower(i), between(dice, least, most)
		return plan{
			detail: fmt.Sprintf("%s after %v", who, delay), objective: inTime, steady: agrees(), fault: strike(who),
			repair: repairing(name, delay, repair(who)), known: byRunbook(delay),
		}
	}
}

func drawBlackout(dice *rand.Rand, _ int) plan {
	delay := between(dice, time.Second, 4*time.Second)
	return plan{
		detail: fmt.Sprintf("after %v", delay), objective: inTime, steady: leads(),
		fault:  func(*drillRun) harness.Fault { return blackout{} },
		repair: repairing("start everything", delay, startEverything), known: byRunbook(delay),
	}
}

func drawGap(dice *rand.Rand, _ int) plan {
	away := between(dice, 1500*time.Millisecond, 6*time.Second)
	known := bySelf()
	known.earliest = away
	return plan{
		detail: away.String(), objective: inTime, steady: harness.All(flag()), prepare: raise,
		fault: flaps(away), known: known,
	}
}

// flaps takes the flag down and up by turns.
func flaps(turns ...time.Duration) func(*drillRun) harness.Fault {
	return func(s *drillRun) harness.Fault { return flapping{s, turns} }
}

func drawSecond(dice *rand.Rand, i int) plan {
	delay := between(dice, time.Second, 3*time.Second)
	moment := func(s *drillRun) harness.Moment { return harness.BeforeStep("start " + s.node(theFollower)) }
	detail := "just before the first is started"
	if i%2 == 1 {
		delay = between(dice, 3*time.Second, 4*time.Second)
		after := between(dice, time.Second, 2*time.Second)
		moment = func(*drillRun) harness.Moment { return harness.AfterFault(after) }
		detail = fmt.Sprintf("%v after the first", after)
	}
	return plan{
		detail: detail, objective: inTime, steady: agrees(), fault: killed(theFollower),
		second: func(s *drillRun) (harness.Fault, harness.Moment) { return killed(theOther)(s), moment(s) },
		repair: repairing("start one, then the other", delay, start(theFollower), start(theOther)), known: byRunbook(delay),
	}
}

func drawDeclared(dice *rand.Rand, _ int) plan {
	delay, declared := between(dice, time.Second, 2*time.Second), between(dice, 2*time.Second, 3*time.Second)
	known := byRunbook(delay)
	known.declared = declared
	return plan{
		detail: fmt.Sprintf("%v done and %v declared", delay, declared), objective: inTime, steady: agrees(),
		fault:  killed(theFollower),
		repair: repairing("decide and start it", delay, declare(declared), start(theFollower)), known: known,
	}
}

func drawLossWithin(dice *rand.Rand, _ int) plan {
	delay, number := between(dice, time.Second, 3*time.Second), count(dice, 1, 8)
	known := byRunbook(delay)
	known.lost = number
	objective := inTime
	objective.RPO = time.Minute
	return plan{
		detail: fmt.Sprintf("%d writes", number), objective: objective, steady: agrees(), fault: killed(theFollower),
		repair: repairing("start it", delay, start(theFollower)), after: loseAcknowledged(number, dice.Int()), known: known,
	}
}

func drawSpared(dice *rand.Rand, _ int) plan {
	delay := between(dice, time.Second, 3*time.Second)
	known := byRunbook(delay)
	known.spared = []string{consul.Leader().Name()}
	return plan{
		detail: fmt.Sprintf("the leadership, while a follower is away for %v", delay), objective: inTime, steady: agrees(),
		spared: []harness.Probe{consul.Leader()}, fault: killed(theFollower),
		repair: repairing("start it", delay, start(theFollower)), known: known,
	}
}

// drawRenumbering takes longer than the others: an agent whose address is gone takes up to its stop
// timeout of 10 s to end.
func drawRenumbering(dice *rand.Rand, _ int) plan {
	delay := between(dice, time.Second, 2*time.Second)
	objective := inTime
	objective.RTO, objective.GiveUpAfter = 40*time.Second, 60*time.Second
	prefixes := []string{"fd00:d2::/64", "fd00:d3::/64", "fd00:d4::/64"}
	into := netip.MustParsePrefix(prefixes[dice.IntN(len(prefixes))])
	return plan{
		detail: fmt.Sprintf("into %s, after %v", into, delay), objective: objective, steady: agrees(),
		fault: func(*drillRun) harness.Fault { return fault.Renumbering{Into: into} },
		repair: func(s *drillRun) []harness.Runbook {
			return append(repairing("come", delay)(s), consul.StopRenumberStart())
		},
		known: byRunbook(delay),
	}
}
