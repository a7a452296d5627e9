package outcome_test

import (
	"fmt"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/reprise-dr/reprise/harness/suite/outcome"
)

// A command reads in the runner's report what became of specs.
func Example() {
	var ended outcome.Outcome
	ended.AddSpecs("flood", types.Report{SpecReports: types.SpecReports{
		{LeafNodeType: types.NodeTypeIt, LeafNodeText: "falls", State: types.SpecStatePassed},
		{LeafNodeType: types.NodeTypeIt, LeafNodeText: "freezes", State: types.SpecStatePending},
	}}, "", nil)
	fmt.Printf("%d passed; %s was skipped: %s\n", ended.Passed, ended.Skips[0].Title, ended.Skips[0].Reason)
	// Output: 1 passed; freezes was skipped: it is marked as pending
}
