package survival

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A Phase is where a run is when it is broken off.
type Phase string

// The phases of the run of one drill, in their order.
const (
	PhaseImages    Phase = "images"
	PhaseLabStart  Phase = "lab start"
	PhaseBaseline  Phase = "baseline"
	PhaseInject    Phase = "inject"
	PhaseRepair    Phase = "repair"
	PhaseAwait     Phase = "await"
	PhaseReconcile Phase = "reconcile"
	PhaseClose     Phase = "close"
)

// Phases are all of them, in their order.
var Phases = []Phase{
	PhaseImages, PhaseLabStart, PhaseBaseline, PhaseInject, PhaseRepair, PhaseAwait, PhaseReconcile, PhaseClose,
}

// Drilling tells whether a drill is under way in the phase, and so a record to be left.
func (p Phase) Drilling() bool { return p != PhaseImages && p != PhaseLabStart }

// span is within how long after the beginning of the phase a run is broken off: less than the phase lasts.
func (p Phase) span() time.Duration {
	switch p {
	case PhaseImages:
		return 6 * time.Second
	case PhaseLabStart:
		return 600 * time.Millisecond
	}
	return 1800 * time.Millisecond
}

// An Action is what breaks a run off.
type Action string

// The actions.
const (
	KillCommand    Action = "SIGKILL to the command"
	KillSuite      Action = "SIGKILL to the suite"
	KillSupervisor Action = "SIGKILL to a supervisor"
	KillBuild      Action = "SIGKILL to the build"
	KillAll        Action = "SIGKILL to all at once"
	InterruptOnce  Action = "SIGINT"
	InterruptTwice Action = "SIGINT twice"
	HangUp         Action = "SIGHUP"
	CutEngine      Action = "the engine cut off"
	KillAgent      Action = "an agent killed"
	FillFolder     Action = "the report's folder full"
)

// Actions are all that break a run off.
var Actions = []Action{
	KillCommand, KillSuite, KillSupervisor, KillBuild, KillAll, InterruptOnce, InterruptTwice, HangUp, CutEngine, KillAgent,
	FillFolder,
}

// fits tells whether there is anything in the phase for the action to act on.
func (a Action) fits(phase Phase) bool {
	switch a {
	case KillBuild:
		return phase == PhaseImages
	case KillAgent:
		return phase != PhaseImages
	}
	return true
}

// NoAction is what befalls a run that nobody disturbs.
const NoAction Action = "nothing"

// EndsRun tells whether the action ends the run; after the others it goes to its own end.
func (a Action) EndsRun() bool { return a != FillFolder && a != NoAction }

// A Cell is one moment at which a run is broken off.
type Cell struct {
	Number int           `json:"number"`
	Phase  Phase         `json:"phase"`
	Action Action        `json:"action"`
	After  time.Duration `json:"after_ns"` // the beginning of the phase
	// Length is how long the engine is cut off, and Silent whether it says nothing then, rather than refuse.
	Length time.Duration `json:"length_ns,omitempty"`
	Silent bool          `json:"silent,omitempty"`
}

// String names the cell as --only finds it.
func (c Cell) String() string { return fmt.Sprintf("%s: %s", c.Phase, c.Action) }

// Draw draws so many moments from the seed, spread evenly over the phases, and over the actions as far as those
// fit. No two moments of a phase have the same action before each has had its turn.
func Draw(seed int64, moments int) []Cell {
	dice := rand.New(rand.NewPCG(uint64(seed), 0)) //nolint:gosec // repeatable on purpose
	uses, used := map[Action]int{}, map[Cell]int{}
	var cells []Cell
	for number := 1; number <= moments; number++ {
		phase := Phases[(number-1)%len(Phases)]
		var fitting []Action
		for _, place := range dice.Perm(len(Actions)) {
			if action := Actions[place]; action.fits(phase) {
				fitting = append(fitting, action)
			}
		}
		action := slices.MinFunc(fitting, func(a, b Action) int {
			if here := used[Cell{Phase: phase, Action: a}] - used[Cell{Phase: phase, Action: b}]; here != 0 {
				return here
			}
			return uses[a] - uses[b]
		})
		uses[action]++
		used[Cell{Phase: phase, Action: action}]++
		cells = append(cells, drawCell(dice, number, phase, action))
	}
	return cells
}

// The engine stays away for less than an agent's lease and for more.
const (
	shortestCut = 2 * time.Second
	longestCut  = 18 * time.Second
)

func drawCell(dice *rand.Rand, number int, phase Phase, action Action) Cell {
	within := func(span time.Duration) time.Duration {
		return time.Duration(dice.Int64N(span.Milliseconds())) * time.Millisecond
	}
	cell := Cell{Number: number, Phase: phase, Action: action, After: within(phase.span())}
	switch action {
	case KillBuild: // it lasts for less than the phase
		cell.After %= 1500 * time.Millisecond
	case CutEngine:
		cell.Length, cell.Silent = shortestCut+within(longestCut-shortestCut), dice.IntN(2) == 0
	}
	return cell
}
