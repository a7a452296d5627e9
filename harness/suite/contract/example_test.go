package contract_test

import (
	"fmt"

	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// A command tells the suites of a run what they have to know, in their environment; a suite reads it with FromEnvironment.
func Example() {
	config := contract.Config{RunDir: "/runs/20261130", Seed: 7, RepeatWith: "make chaos FOCUS='" + contract.Spec + "$$' SEED=7"}
	for _, variable := range config.Environment()[:1] {
		fmt.Println(variable)
	}
	fmt.Println(config.Repeat("A web server comes back"))
	// Output:
	// REPRISE_RUN_DIR=/runs/20261130
	// make chaos FOCUS='A web server comes back$$' SEED=7
}
