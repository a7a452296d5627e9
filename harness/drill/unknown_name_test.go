package drill

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a runbook that names a node which the topology never had tells nothing of the system: the drill is inconclusive, with the
// name and the nodes there are, and not missed. One that cannot reach a node that is there is missed. Method: a step with either
// error, wrapped as runbooks do, in a service that never comes back.
func TestMistypedNodeInARunbookIsNoMiss(t *testing.T) {
	for _, test := range []struct {
		err     error
		verdict harness.Verdict
		says    string
	}{
		{
			newFakeCluster().Topology().UnknownNode("nomad-l"), harness.Inconclusive,
			`the drill itself is wrong, in the step "restart" of the runbook "restart everything": the topology has no node ` +
				`"nomad-l": its nodes are nomad-1, nomad-2`,
		},
		{harness.ErrOff, harness.Missed, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t)
			drill.toDetection(t)
			err := drill.Repair(t.Context(), fakeRunbook{{Name: "restart", Do: func(context.Context, harness.Operator) error {
				return fmt.Errorf("start it: %w", test.err)
			}}})
			if !errors.Is(err, test.err) {
				t.Errorf("the repair ends with %v", err)
			}
			_ = drill.AwaitRecovery(t.Context(), drill.steady)
			testkit.Must(t, drill.Reconcile(t.Context(), drill.ledgers))
			_ = drill.Judge()
			judgement := drill.Record().Judgement
			if judgement.Verdict != test.verdict || !strings.HasPrefix(strings.Join(judgement.Reasons, "; "), test.says) {
				t.Errorf("%v: %s: %q", test.err, judgement.Verdict, judgement.Reasons)
			}
		})
	}
}

// Goal: so does a rehearsal. Method: one that names such a node.
func TestMistypedNodeInARehearsalIsNoMiss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		testkit.Must(t, drill.Baseline(t.Context(), drill.steady), drill.StartWriting(t.Context(), drill.ledgers))
		_ = drill.Rehearse(t.Context(), "restoring", func(context.Context, harness.Operator) error {
			return drill.cluster.Topology().UnknownNode("nomad-l")
		})
		_ = drill.Judge()
		judgement := drill.Record().Judgement
		if judgement.Verdict != harness.Inconclusive || !strings.Contains(judgement.Reasons[0], "in the rehearsal of restoring: ") {
			t.Errorf("%s: %q", judgement.Verdict, judgement.Reasons)
		}
	})
}
