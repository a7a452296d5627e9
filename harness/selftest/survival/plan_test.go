package survival

import (
	"slices"
	"testing"
)

// Goal: 40 moments cover what is promised: each phase at least four times, each action, and one more often than another
// only because some fit fewer phases; a seed says which.
// Method: draw many seeds and count.
func TestDrawnMomentsCoverEverything(t *testing.T) {
	for seed := range int64(200) {
		phases, actions := map[Phase]int{}, map[Action]int{}
		seen := map[string]bool{}
		cells := Draw(seed, 40)
		for i, cell := range cells {
			phases[cell.Phase]++
			actions[cell.Action]++
			if seen[cell.String()] {
				t.Errorf("seed %d: %s comes twice in 40", seed, cell)
			}
			seen[cell.String()] = true
			if cell.Number != i+1 || cell.After < 0 || cell.After >= cell.Phase.span() || !cell.Action.fits(cell.Phase) {
				t.Errorf("seed %d: %+v makes no sense", seed, cell)
			}
		}
		for _, phase := range Phases {
			if phases[phase] < 4 {
				t.Errorf("seed %d: %s has %d moments", seed, phase, phases[phase])
			}
		}
		for _, action := range Actions {
			if least := map[bool]int{true: 1, false: 3}[action == KillBuild]; actions[action] < least {
				t.Errorf("seed %d: %s comes %d times", seed, action, actions[action])
			}
		}
	}
	if !slices.Equal(Draw(1, 40), Draw(1, 40)) || slices.Equal(Draw(1, 40), Draw(2, 40)) {
		t.Error("the seed does not say which moments there are")
	}
}

// Goal: more moments than there are pairs of a phase and an action are drawn all the same.
// Method: draw 200.
func TestMoreMomentsThanPairs(t *testing.T) {
	if cells := Draw(1, 200); len(cells) != 200 {
		t.Errorf("%d moments", len(cells))
	}
}
