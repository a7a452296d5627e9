package suite

import (
	"fmt"

	"github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/suite/conduct"
	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// nothingIsRepaired is the ending of the arm without a runbook of a spec that only finds.
var nothingIsRepaired = contract.NotApplicable.Because("nothing is repaired: no runbook to leave out")

// StartPlanting is [Start] for a spec that is no drill, and plants itself what it has to find. It has a control arm, which
// plants nothing, and ends at [FindsNothing].
func StartPlanting(ctx ginkgo.SpecContext, topology harness.Topology) *lab.Lab {
	ginkgo.GinkgoHelper()
	config := run()
	if config.Control == contract.WithoutRunbook {
		conduct.Say(test{}, nothingIsRepaired)
	}
	return conduct.Start(ctx, test{}, config, topology)
}

// FindsNothing ends the control arm of a spec that was begun by [StartPlanting], before anything is planted: look, which
// returns what it finds as an error, must find nothing. In a run of whole drills it does nothing.
func FindsNothing(look func() error) {
	ginkgo.GinkgoHelper()
	if run().Control == contract.WithoutFault {
		conduct.Say(test{}, afterLook(look()))
	}
}

// afterLook says how the arm ends in which nothing was planted.
func afterLook(found error) contract.Ending {
	if found != nil {
		return contract.NotRed.Because(fmt.Sprintf(
			"this scenario cannot be made red: nothing was planted, and it found something: %v", found))
	}
	return contract.Red.Because("nothing was found where nothing was planted")
}
