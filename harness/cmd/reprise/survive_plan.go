package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A survivalPhase is where a run is when it is broken off.
type survivalPhase string

// The phases of the run of one drill, in their order.
const (
	phaseImages    survivalPhase = "images"
	phaseLabStart  survivalPhase = "lab start"
	phaseBaseline  survivalPhase = "baseline"
	phaseInject    survivalPhase = "inject"
	phaseRepair    survivalPhase = "repair"
	phaseAwait     survivalPhase = "await"
	phaseReconcile survivalPhase = "reconcile"
	phaseClose     survivalPhase = "close"
)

var survivalPhases = []survivalPhase{
	phaseImages, phaseLabStart, phaseBaseline, phaseInject, phaseRepair, phaseAwait, phaseReconcile, phaseClose,
}

// drilling tells whether a drill is under way in the phase, and so a record to be left.
func (p survivalPhase) drilling() bool { return p != phaseImages && p != phaseLabStart }

// span is within how long after the beginning of the phase a run is broken off: less than the phase lasts.
func (p survivalPhase) span() time.Duration {
	switch p {
	case phaseImages:
		return 6 * time.Second
	case phaseLabStart:
		return 600 * time.Millisecond
	}
	return 1800 * time.Millisecond
}

// A survivalAction is what breaks a run off.
type survivalAction string

const (
	killCommand    survivalAction = "SIGKILL to the command"
	killSuite      survivalAction = "SIGKILL to the suite"
	killSupervisor survivalAction = "SIGKILL to a supervisor"
	killBuild      survivalAction = "SIGKILL to the build"
	killAll        survivalAction = "SIGKILL to all at once"
	interruptOnce  survivalAction = "SIGINT"
	interruptTwice survivalAction = "SIGINT twice"
	hangUp         survivalAction = "SIGHUP"
	cutEngine      survivalAction = "the engine cut off"
	killAgent      survivalAction = "an agent killed"
	fillFolder     survivalAction = "the report's folder full"
)

var survivalActions = []survivalAction{
	killCommand, killSuite, killSupervisor, killBuild, killAll, interruptOnce, interruptTwice, hangUp, cutEngine, killAgent,
	fillFolder,
}

// fits tells whether there is anything in the phase for the action to act on.
func (a survivalAction) fits(phase survivalPhase) bool {
	switch a {
	case killBuild:
		return phase == phaseImages
	case killAgent:
		return phase != phaseImages
	}
	return true
}

// noAction is what befalls a run that nobody disturbs.
const noAction survivalAction = "nothing"

// endsRun tells whether the action ends the run; after the others it goes to its own end.
func (a survivalAction) endsRun() bool { return a != fillFolder && a != noAction }

// A survivalCell is one moment at which a run is broken off.
type survivalCell struct {
	Number int            `json:"number"`
	Phase  survivalPhase  `json:"phase"`
	Action survivalAction `json:"action"`
	After  time.Duration  `json:"after_ns"` // the beginning of the phase
	// Length is how long the engine is cut off, and Silent whether it says nothing then, rather than refuse.
	Length time.Duration `json:"length_ns,omitempty"`
	Silent bool          `json:"silent,omitempty"`
}

// String names the cell as --only finds it.
func (c survivalCell) String() string { return fmt.Sprintf("%s: %s", c.Phase, c.Action) }

// drawSurvival draws so many moments from the seed, spread evenly over the phases, and over the actions as far as those
// fit. No two moments of a phase have the same action before each has had its turn.
func drawSurvival(seed int64, moments int) []survivalCell {
	dice := rand.New(rand.NewPCG(uint64(seed), 0)) //nolint:gosec // repeatable on purpose
	uses, used := map[survivalAction]int{}, map[survivalCell]int{}
	var cells []survivalCell
	for number := 1; number <= moments; number++ {
		phase := survivalPhases[(number-1)%len(survivalPhases)]
		var fitting []survivalAction
		for _, place := range dice.Perm(len(survivalActions)) {
			if action := survivalActions[place]; action.fits(phase) {
				fitting = append(fitting, action)
			}
		}
		action := slices.MinFunc(fitting, func(a, b survivalAction) int {
			if here := used[survivalCell{Phase: phase, Action: a}] - used[survivalCell{Phase: phase, Action: b}]; here != 0 {
				return here
			}
			return uses[a] - uses[b]
		})
		uses[action]++
		used[survivalCell{Phase: phase, Action: action}]++
		cells = append(cells, drawCell(dice, number, phase, action))
	}
	return cells
}

// The engine stays away for less than an agent's lease and for more.
const (
	shortestCut = 2 * time.Second
	longestCut  = 18 * time.Second
)

func drawCell(dice *rand.Rand, number int, phase survivalPhase, action survivalAction) survivalCell {
	within := func(span time.Duration) time.Duration {
		return time.Duration(dice.Int64N(span.Milliseconds())) * time.Millisecond
	}
	cell := survivalCell{Number: number, Phase: phase, Action: action, After: within(phase.span())}
	switch action {
	case killBuild: // it lasts for less than the phase
		cell.After %= 1500 * time.Millisecond
	case cutEngine:
		cell.Length, cell.Silent = shortestCut+within(longestCut-shortestCut), dice.IntN(2) == 0
	}
	return cell
}
