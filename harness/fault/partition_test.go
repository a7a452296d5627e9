package fault

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// A cutLab is a lab whose nodes hear each other until packets are dropped.
type cutLab struct {
	*fakeLab
	deaf map[string][]netip.Addr // node -> whom it does not hear
}

func (c *cutLab) Topology() harness.Topology {
	topology := c.fakeLab.Topology()
	for i, node := range topology.Nodes {
		topology.Nodes[i].IPv6, topology.Nodes[i].IPv4 = c.addresses[node.Name].IPv6, c.addresses[node.Name].IPv4
	}
	return topology
}

func (c *cutLab) Apply(ctx context.Context, nodeActions []harness.NodeActions) (harness.Impact, error) {
	for _, nodeAction := range nodeActions {
		drop := nodeAction.Actions[0].Drop
		switch {
		case drop.Verify:
			if !slices.Equal(c.deaf[nodeAction.Node], drop.From) {
				return harness.Impact{}, errors.New("not all of it is dropped")
			}
		case drop.Lift:
			c.deaf[nodeAction.Node] = slices.DeleteFunc(c.deaf[nodeAction.Node],
				func(from netip.Addr) bool { return slices.Contains(drop.From, from) })
		case !c.stuck:
			c.deaf[nodeAction.Node] = append(c.deaf[nodeAction.Node], drop.From...)
		}
	}
	return c.fakeLab.Apply(ctx, nodeActions)
}

func (c *cutLab) Dial(_ context.Context, from, _, address string) (net.Conn, error) {
	if slices.Contains(c.deaf[from], netip.MustParseAddrPort(address).Addr()) {
		return nil, context.DeadlineExceeded
	}
	return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
}

// Goal: a partition cuts both ways or one, is proved from the node that does not hear, and leaves nothing.
// Method: cut two nodes apart in a lab that notes who does not hear whom; lift it; and cut with no effect.
func TestPartition(t *testing.T) {
	for _, test := range []struct {
		partition Partition
		deaf      []string
		describe  string
	}{
		{Partition{Node: "one", From: []string{"two"}}, []string{"one", "two"}, "partition between one and two"},
		{
			Partition{Node: "one", From: []string{"two"}, OneWay: true},
			[]string{"one"},
			"one does not hear two any more, who still hear it",
		},
	} {
		lab := &cutLab{newFakeLab(), map[string][]netip.Addr{}}
		injection, err := test.partition.Inject(t.Context(), lab)
		testkit.Must(t, err)
		for _, node := range []string{"one", "two"} {
			other := map[string]string{"one": "two", "two": "one"}[node]
			want := []netip.Addr{lab.addresses[other].IPv6, lab.addresses[other].IPv4}
			if !slices.Contains(test.deaf, node) {
				want = nil
			}
			if !slices.Equal(lab.deaf[node], want) {
				t.Errorf("%s: %s does not hear %v, want %v", test.describe, node, lab.deaf[node], want)
			}
		}
		if proof, err := injection.Confirm(t.Context()); err != nil || proof != "one gets no answer from two" {
			t.Errorf("the proof is %q, error %v", proof, err)
		}
		if err := test.partition.Stands(t.Context(), lab); err != nil {
			t.Errorf("%s: in force it is not: %v", test.describe, err)
		}
		cut := lab.deaf["one"]
		lab.deaf["one"] = nil // somebody has flushed its firewall
		if err := test.partition.Stands(t.Context(), lab); err == nil {
			t.Errorf("%s: it stands although nothing is dropped", test.describe)
		}
		lab.deaf["one"] = cut
		if err := injection.Revert(t.Context()); err != nil || len(lab.deaf["one"])+len(lab.deaf["two"]) > 0 {
			t.Errorf("after the revert nobody hears %v, error %v", lab.deaf, err)
		}
		if got := test.partition.Describe(); got != test.describe {
			t.Errorf("described as %q, want %q", got, test.describe)
		}
	}
	stuck := &cutLab{newFakeLab(), map[string][]netip.Addr{}}
	stuck.stuck = true
	injection, err := Partition{Node: "one", From: []string{"two"}}.Inject(t.Context(), stuck)
	testkit.Must(t, err)
	if proof, err := injection.Confirm(t.Context()); err == nil {
		t.Errorf("a partition without effect is proved: %q", proof)
	}
	for _, wrong := range []Partition{
		{Node: "nobody", From: []string{"one"}},
		{Node: "one"},
		{Node: "one", From: []string{"nobody"}},
	} {
		if _, err := wrong.Inject(t.Context(), stuck); err == nil {
			t.Errorf("%+v was injected", wrong)
		}
	}
}

// A namedLab has processes besides the main one, which its pgrep knows.
type namedLab struct {
	*fakeLab
	processes map[string]string // name -> pid
}

func (n *namedLab) Exec(_ context.Context, node string, argv ...string) ([]byte, error) {
	if pid := n.processes[argv[len(argv)-1]]; strings.Join(argv[:2], " ") == "pgrep -x" && pid != "" {
		return []byte(pid + "\n"), nil
	}
	return nil, &harness.CommandError{Node: node, Argv: argv, ExitCode: 1}
}

func (n *namedLab) Apply(ctx context.Context, nodeActions []harness.NodeActions) (harness.Impact, error) {
	signal := nodeActions[0].Actions[0].Signal
	switch {
	case n.stuck:
	case signal.Name == "KILL":
		delete(n.processes, signal.Process)
	default:
		n.files["/proc/42/stat"] = "42 (ospfd) " + map[string]string{"STOP": "T", "CONT": "S"}[signal.Name] + " 1"
	}
	n.strikes = append(n.strikes, nodeActions)
	return harness.Impact{}, nil
}

// Goal: a process that is not the main one can be killed and paused, which is proved by what the node itself
// says of it, and a pause is lifted. Method: a lab with one such process, with and without effect.
func TestNamedProcess(t *testing.T) {
	for _, stuck := range []bool{false, true} {
		for _, fault := range []harness.Fault{ProcessKill{Node: "one", Process: "ospfd"}, ProcessPause{Node: "one", Process: "ospfd"}} {
			lab := &namedLab{newFakeLab(), map[string]string{"ospfd": "42"}}
			lab.files["/proc/42/stat"], lab.stuck = "42 (ospfd) S 1", stuck
			injection, err := fault.Inject(t.Context(), lab)
			testkit.Must(t, err)
			if signal := lab.strikes[0][0].Actions[0].Signal; signal.Process != "ospfd" || signal.All {
				t.Errorf("%s signals %+v", fault.Describe(), signal)
			}
			proof, err := injection.Confirm(t.Context())
			if (err != nil) != stuck {
				t.Errorf("%s: the proof is %q, error %v", fault.Describe(), proof, err)
			}
			if err := injection.Revert(t.Context()); err != nil {
				t.Errorf("%s: %v", fault.Describe(), err)
			}
			if _, pauses := fault.(ProcessPause); pauses && !stuck && !strings.Contains(lab.files["/proc/42/stat"], ") S") {
				t.Errorf("after the revert it is %q", lab.files["/proc/42/stat"])
			}
			if !strings.Contains(fault.Describe(), "ospfd of one") {
				t.Errorf("described as %q", fault.Describe())
			}
		}
	}
}
