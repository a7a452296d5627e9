package garage

import (
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: nodes that have moved are connected again without being started again, and the command is not used before it can find its
// own node. Method: move two of three nodes, carry out the steps one by one, and then the last one alone.
func TestNodeConnect(t *testing.T) {
	store := running(t, true)
	store.OnStart = func(node string) { t.Errorf("%s was started again", node) }
	store.renumber("garage-1", "fd00:d2::71")
	store.renumber("garage-2", "fd00:d2::72")
	labtest.Expect(t, admin.Whole().Check(t.Context(), store), "is connected with 1 of 3 nodes")
	for _, step := range NodeConnect().Steps() {
		labtest.Expect(t, step.Do(t.Context(), store), "")
	}
	labtest.Expect(t, admin.Whole().Check(t.Context(), store), "")

	store = running(t, true)
	store.renumber("garage-1", "fd00:d2::71")
	steps := NodeConnect().Steps()
	labtest.Expect(t, steps[len(steps)-1].Do(t.Context(), store), "Unable to connect to destination RPC host")
}

// Goal: probes and runbooks do what all of them have to do. Method: the contracts, on nodes in memory.
func TestContract(t *testing.T) {
	store := running(t, true)
	for _, claim := range []harness.Probe{Available("garage-1"), admin.Whole()} {
		labtest.Expect(t, labtest.TestProbe(t.Context(), store, labtest.ProbeCase{Probe: claim}), "")
	}
	for _, book := range []harness.Runbook{StopRenumberStart(), NodeConnect()} {
		promised := labtest.RunbookCase{Runbook: book, Promises: harness.All(admin.Whole())}
		labtest.Expect(t, labtest.TestRunbook(t.Context(), store, promised), "")
	}
}
