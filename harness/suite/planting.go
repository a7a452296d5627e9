package suite

import (
	"fmt"
	"os"

	"github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
)

// nothingIsRepaired is the ending of the arm without a runbook of a spec that only finds.
var nothingIsRepaired = ending{Result: notApplicable, Reason: "nothing is repaired: no runbook to leave out"}

// StartPlanting is [Start] for a spec that is no drill, and plants itself what it has to find. It has a control arm, which
// plants nothing, and ends at [FindsNothing].
func StartPlanting(ctx ginkgo.SpecContext, topology harness.Topology) *lab.Lab {
	ginkgo.GinkgoHelper()
	if asked, err := controlled(os.Getenv(controlArm)); err != nil {
		ginkgo.Fail(err.Error())
	} else if asked == withoutRunbook {
		say(nothingIsRepaired)
	}
	return start(ctx, topology)
}

// FindsNothing ends the control arm of a spec that was begun by [StartPlanting], before anything is planted: look, which
// returns what it finds as an error, must find nothing. In a run of whole drills it does nothing.
func FindsNothing(look func() error) {
	ginkgo.GinkgoHelper()
	if os.Getenv(controlArm) == string(withoutFault) {
		say(afterLook(look()))
	}
}

// afterLook says how the arm ends in which nothing was planted.
func afterLook(found error) ending {
	if found != nil {
		return ending{Result: notRed, Reason: fmt.Sprintf(
			"this scenario cannot be made red: nothing was planted, and it found something: %v", found)}
	}
	return ending{Result: red, Reason: "nothing was found where nothing was planted"}
}
