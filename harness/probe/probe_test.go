package probe

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: probes keep the names by which records know them, and ask what they claim of whom they claim it. Method: what each
// would have the agent of a node ask.
func TestQuestions(t *testing.T) {
	at, lan := netip.MustParseAddr("10.202.1.254"), netip.MustParsePrefix("10.202.1.0/24")
	for want, probe := range map[string]harness.Probe{
		"gulp has 10.202.1.254":                                    Holds("gulp", at),
		"gulp leaves 10.202.1.254 alone":                           Leaves("gulp", at),
		"gulp reaches 10.202.1.254":                                Reaches("gulp", at),
		"gulp has a route to 10.202.1.0/24":                        Routed("gulp", lan, netip.Addr{}),
		"gulp has a route to 10.202.1.0/24 by way of 10.202.1.254": Routed("gulp", lan, at),
		"gulp finds 10.202.1.254 at odlyd":                         FindsAt("gulp", at, "odlyd", "02:42:0a:ca:01:0c"),
	} {
		asks := probe.(NetworkProbe)
		if _, err := asks.Current(labtest.New(harness.Topology{})); err != nil || probe.Name() != want || asks.Vantage() != "gulp" {
			t.Errorf("%q is asked by %s, error %v, want %q", probe.Name(), asks.Vantage(), err, want)
		}
	}
}

// Goal: a function is a probe. Method: one that fails.
func TestFunc(t *testing.T) {
	closed := Func{
		Label: "the shop takes orders", Every: time.Second,
		Ask: func(context.Context, harness.Observer) error { return errors.New("it is closed") },
	}
	labtest.Expect(t, closed.Check(t.Context(), labtest.New(harness.Topology{})), "it is closed")
	if closed.Name() != "the shop takes orders" || closed.Period() != time.Second {
		t.Errorf("it is %q, every %v", closed.Name(), closed.Period())
	}
}

// Goal: all nodes are asked at once, and those of which it holds come in their order. Method: a claim that waits until all
// were asked.
func TestNodesWhere(t *testing.T) {
	asked := make(chan struct{}, 3)
	found := NodesWhere(t.Context(), []string{"a", "b", "c"}, func(_ context.Context, node string) bool {
		asked <- struct{}{}
		for len(asked) < cap(asked) {
			time.Sleep(time.Millisecond)
		}
		return node != "b"
	})
	if !slices.Equal(found, []string{"a", "c"}) {
		t.Errorf("found %q", found)
	}
}

// Goal: an interface's hardware address is read where the kernel has it. Method: a file in memory, and none.
func TestHardwareAddress(t *testing.T) {
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{{
		Name:   "gulp",
		System: harness.System{Files: []harness.File{{Path: "/sys/class/net/lan1/address", Data: []byte("02:42:0a:ca:01:0c\n")}}},
	}}})
	if hardware, err := HardwareAddress(t.Context(), machines, "gulp", "lan1"); err != nil || hardware != "02:42:0a:ca:01:0c" {
		t.Errorf("read %q, error %v", hardware, err)
	}
	_, err := HardwareAddress(t.Context(), machines, "gulp", "lan2")
	labtest.Expect(t, err, "read the hardware address of lan2 on gulp")
}

// Goal: the first answer is enough, and one that is silent does not keep the others waiting; without an answer every node's
// error is told, in their order. Method: nodes that answer, fail, and are silent.
func TestFirstOf(t *testing.T) {
	ask := func(ctx context.Context, node string) (string, error) {
		switch node {
		case "silent":
			<-ctx.Done()
			return "", ctx.Err()
		case "broken":
			return "", errors.New("it is broken")
		}
		return "from " + node, nil
	}
	if answer, err := FirstOf(t.Context(), []string{"silent", "broken", "fine"}, ask); answer != "from fine" || err != nil {
		t.Errorf("answered %q, error %v", answer, err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := FirstOf(ctx, []string{"silent", "broken"}, ask)
		labtest.Expect(t, err, "silent: no answer in time; broken: it is broken")
	})
}

// Goal: nodes are asked in turn, and one that is silent leaves the others their share of the time. Method: two silent nodes
// before one that answers, then none that does, on a fake clock.
func TestInTurn(t *testing.T) {
	nodes := []harness.Node{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	silence := "a: no answer in time; b: no answer in time; c: no answer in time"
	for answering, want := range map[string]string{"c": "", "nobody": silence} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			began := time.Now()
			labtest.Expect(t, InTurn(ctx, nodes, func(ctx context.Context, node harness.Node) error {
				if node.Name != answering {
					<-ctx.Done()
				}
				return ctx.Err()
			}), want)
			if took := time.Since(began); answering == "c" && took != 2*time.Second {
				t.Errorf("the third was asked after %v", took)
			}
		})
	}
}
