package fault

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: nodes are listed as a sentence has them. Method: one, two and three.
func TestList(t *testing.T) {
	for want, nodes := range map[string][]string{"a": {"a"}, "a and b": {"a", "b"}, "a, b and c": {"a", "b", "c"}} {
		if got := list(nodes); got != want {
			t.Errorf("%q: %q, want %q", nodes, got, want)
		}
	}
}

// lossOf is either way to lose nodes.
var lossOf = map[string]func(node string, and ...string) harness.Fault{
	"node loss":  func(node string, and ...string) harness.Fault { return NodeLoss{Node: node, And: and} },
	"power loss": func(node string, and ...string) harness.Fault { return PowerLoss{Node: node, And: and} },
}

// Goal: several nodes are lost by one strike, each by the same actions as one alone; every node is proved to be
// lost, named and powered on again. Method: lose two of two, and compare with the loss of one.
func TestSeveralAreLostAtOnce(t *testing.T) {
	for name, loss := range lossOf {
		alone, together := newFakeLab(), newFakeLab()
		if _, err := loss("one").Inject(t.Context(), alone); err != nil {
			t.Fatal(err)
		}
		injection, err := loss("one", "two").Inject(t.Context(), together)
		testkit.Must(t, err)
		actions := alone.strikes[0][0].Actions
		if want := [][]harness.NodeActions{{
			{Node: "one", Actions: actions},
			{Node: "two", Actions: actions},
		}}; !reflect.DeepEqual(together.strikes, want) {
			t.Errorf("%s: struck with %+v, want %+v", name, together.strikes, want)
		}
		proof, err := injection.Confirm(t.Context())
		if err != nil || strings.Count(proof, "; ") != 1 || !strings.Contains(proof, "one") || !strings.Contains(proof, "two") {
			t.Errorf("%s: proved by %q, %v", name, proof, err)
		}
		if err := injection.Revert(t.Context()); err != nil || !slices.Equal(together.poweredOn, []string{"one", "two"}) {
			t.Errorf("%s: powered on %q, %v", name, together.poweredOn, err)
		}
		if sentence := loss("one", "two").Describe(); !strings.Contains(sentence, "loss of one and two: ") {
			t.Errorf("%s: %q", name, sentence)
		}
	}
}

// A luckyLab is one in which one node survives whatever strikes it.
type luckyLab struct {
	*fakeLab
	survivor string
}

func (l luckyLab) Apply(ctx context.Context, nodeActions []harness.NodeActions) (harness.Impact, error) {
	return l.fakeLab.Apply(ctx, slices.DeleteFunc(slices.Clone(nodeActions),
		func(nodeAction harness.NodeActions) bool { return nodeAction.Node == l.survivor }))
}

// Goal: the loss of several is not proved while one of them lives, whichever that is. Method: a lab in which
// one survives, the first and the last in turn.
func TestSurvivorsAreNoticed(t *testing.T) {
	for name, loss := range lossOf {
		for _, survivor := range []string{"one", "two"} {
			injection, err := loss("one", "two").Inject(t.Context(), luckyLab{newFakeLab(), survivor})
			testkit.Must(t, err)
			if proof, err := injection.Confirm(t.Context()); err == nil || !strings.Contains(err.Error(), survivor) {
				t.Errorf("%s: %s lives, and the proof is %q, %v", name, survivor, proof, err)
			}
		}
	}
}

// A brokenLab is one whose power buttons do not work, and that has lost an address.
type brokenLab struct{ *fakeLab }

func (b brokenLab) PowerOn(ctx context.Context, node string) error {
	return errors.Join(b.fakeLab.PowerOn(ctx, node), fmt.Errorf("the button of %s is stuck", node))
}

func (b brokenLab) Addresses(node string) (harness.Addresses, error) {
	if node == "two" {
		return harness.Addresses{}, errors.New("nobody knows two")
	}
	return b.fakeLab.Addresses(node)
}

// Goal: every power button is pressed even if one does not work, and all errors are told. Method: a lab where
// none works.
func TestEveryPowerButtonIsPressed(t *testing.T) {
	lab := brokenLab{newFakeLab()}
	injection, err := NodeLoss{Node: "one", And: []string{"two"}}.Inject(t.Context(), lab)
	testkit.Must(t, err)
	err = injection.Revert(t.Context())
	if err == nil || !strings.Contains(err.Error(), "button of one") || !strings.Contains(err.Error(), "button of two") ||
		len(lab.poweredOn) != 2 {
		t.Errorf("pressed %q: %v", lab.poweredOn, err)
	}
}

// Goal: no node loses its power when it could not be proved of all of them. Method: a lab that does not know
// the address of the second.
func TestPowerLossWithoutAnAddress(t *testing.T) {
	lab := brokenLab{newFakeLab()}
	if _, err := (PowerLoss{Node: "one", And: []string{"two"}}).Inject(t.Context(), lab); err == nil || len(lab.strikes) > 0 {
		t.Errorf("struck %d times, %v", len(lab.strikes), err)
	}
	if silent := netip.MustParseAddr("fd00:d1::11"); !answers(t.Context(), lab, silent) {
		t.Error("one is silent")
	}
}
