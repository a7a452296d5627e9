package suite

import (
	"errors"
	"testing"

	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// Goal: the arm of a spec that plants goes red when nothing is found where nothing was planted, and not when something is; a
// whole run does not look before it has planted. Method: both looks, and the environment of a whole run.
func TestPlantingNothingFindsNothing(t *testing.T) {
	if got := afterLook(nil); got.Result != contract.Red {
		t.Errorf("nothing planted, nothing found: %s", got)
	}
	const says = "this scenario cannot be made red: nothing was planted, and it found something: a file more"
	if got := afterLook(errors.New("a file more")); got.Result != contract.NotRed || got.Reason != says {
		t.Errorf("nothing planted, something found: %s", got)
	}
	t.Setenv("REPRISE_CONTROL", "")
	FindsNothing(func() error {
		t.Error("a whole run looks before it has planted anything")
		return nil
	})
}
