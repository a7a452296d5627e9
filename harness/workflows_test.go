package harness_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// evaluated are the lines of a workflow in which GitHub puts an expression into what a shell runs: whoever may choose its value,
// such as an input or the name of a branch, then chooses what is run. Values go through the environment.
func evaluated(workflow string) []string {
	var found []string
	within := -1 // the indentation of the "run:" that the lines belong to
	for i, line := range strings.Split(workflow, "\n") {
		text := strings.TrimLeft(line, " ")
		indentation := len(line) - len(text)
		if text != "" && indentation <= within {
			within = -1
		}
		key := strings.TrimPrefix(text, "- ")
		if strings.HasPrefix(key, "run:") {
			within = indentation + len(text) - len(key)
		}
		if within >= 0 && strings.Contains(line, "${{") {
			found = append(found, fmt.Sprintf("line %d: %s", i+1, text))
		}
	}
	return found
}

// Goal: nobody who may start a workflow, open a pull request or name a branch chooses what its shell runs. Method: look for
// expressions within "run:" of every workflow, and in one that has them in each way.
func TestWorkflowsEvaluateNothing(t *testing.T) {
	workflows, err := filepath.Glob("../.github/workflows/*.y*ml")
	if err != nil || len(workflows) < 4 {
		t.Fatalf("the workflows are %q (%v)", workflows, err)
	}
	for _, path := range workflows {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range evaluated(string(text)) {
			t.Errorf("%s, %s: hand the value over by env", path, line)
		}
	}
	const bad = `jobs:
  one:
    name: ${{ inputs.id }}
    steps:
      - run: make repro ID=${{ inputs.id }}
      - name: two
        run: |
          echo first

          echo ${{ github.event.issue.title }}
        env:
          ID: ${{ inputs.id }}
      - if: ${{ always() }}
        run: >-
          echo ${{ github.head_ref }}
`
	if found := evaluated(bad); len(found) != 3 || !strings.HasPrefix(found[2], "line 15: ") {
		t.Errorf("found %q", found)
	}
}
