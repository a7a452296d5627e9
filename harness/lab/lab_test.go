package lab

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: the engine's time-stamped lines become log lines in order; a line without a time stamp
// stays with the one above.
// Method: parse an output whose lines are out of order, as two streams are merged.
func TestParseLog(t *testing.T) {
	lines := parseLog("2026-01-02T00:00:02Z second\n  its continuation\n2026-01-02T00:00:01.5Z first\n")
	if len(lines) != 2 || lines[0].Text != "first" || lines[1].Text != "second\n  its continuation" {
		t.Fatalf("parsed %+v", lines)
	}
	if want := time.Date(2026, 1, 2, 0, 0, 1, 5e8, time.UTC); !lines[0].At.Equal(want) {
		t.Errorf("first line at %v, want %v", lines[0].At, want)
	}
}

// Goal: a line of any length is read whole, and so is all that follows. Method: a line of 3 MiB as the engine tells it, in
// pieces that each have a time stamp, and as one piece; then a short one.
func TestParseLongLog(t *testing.T) {
	const stamp = "2026-01-02T00:00:01.000000000Z "
	long := strings.Repeat("0123456789abcdef", 3<<20/16) + "end"
	var pieces strings.Builder
	for rest := long; rest != ""; {
		piece := rest[:min(len(rest), 16<<10)]
		pieces.WriteString(stamp + piece)
		rest = rest[len(piece):]
	}
	for name, told := range map[string]string{"in pieces": pieces.String(), "as one": stamp + long} {
		lines := parseLog(told + "\n2026-01-02T00:00:02.000000000Z after it\n")
		if len(lines) != 2 || lines[0].Text != long || lines[1].Text != "after it" {
			t.Errorf("%s: %d lines", name, len(lines))
		}
	}
}

// Goal: t0 is the earliest touch of any node, effects count from it, and the worst uncertainty is kept.
// Method: summarise two reports, the second node first.
func TestSummarise(t *testing.T) {
	base := time.Now()
	at := func(offset time.Duration) time.Time { return base.Add(offset) }
	impact := summarise(
		[]harness.NodeActions{{Node: "a"}, {Node: "b"}},
		[]report{
			{called: at(0), began: at(5 * time.Millisecond), done: at(6 * time.Millisecond), uncertainty: time.Microsecond},
			{called: at(0), began: at(4 * time.Millisecond), done: at(9 * time.Millisecond), uncertainty: time.Millisecond},
		})
	if !impact.Before.Equal(at(4*time.Millisecond)) || impact.Uncertainty != time.Millisecond || impact.Skew() != time.Millisecond {
		t.Errorf("before %v, uncertainty %v, skew %v", impact.Before.Sub(base), impact.Uncertainty, impact.Skew())
	}
	want := harness.Effect{Node: "b", Began: 0, Done: 5 * time.Millisecond, Call: 9 * time.Millisecond}
	if impact.Effects[1] != want {
		t.Errorf("effect %+v, want %+v", impact.Effects[1], want)
	}
}

// Goal: a terminal shows a line per node that changes in place, other events above them, and a new
// lab below the old one.
// Method: play two labs and an event; count what goes back up.
func TestLive(t *testing.T) {
	var screen strings.Builder
	progress := Live(&screen)
	nodes := progress.(nodeProgress)
	nodes.node("one", stateCreating)
	nodes.node("two", stateCreating)
	nodes.node("one", stateUp)
	progress.Event("an event")
	if up := "\x1b[2A\x1b[Jan event\n"; !strings.Contains(screen.String(), up) {
		t.Errorf("the event is not printed above both nodes: %q", screen.String())
	}
	nodes.node("two", stateUp)
	screen.Reset()
	nodes.node("three", stateCreating)
	if got := screen.String(); strings.Contains(got, "\x1b[") || strings.Contains(got, "one") {
		t.Errorf("the second lab disturbs the first one's lines: %q", got)
	}
}

// Goal: the engine is told every other node's name for a node's /etc/hosts, in both families, and nothing for the observer or
// where the topology has a file of its own. Method: two nodes, one of which has.
func TestExtraHosts(t *testing.T) {
	address := netip.MustParseAddr
	lab := &Lab{topology: harness.Topology{Networks: []harness.Network{{Name: "lan"}}, Nodes: []harness.Node{
		{Name: "db-1", IPv6: address("fd00::1"), IPv4: address("10.0.0.1")},
		{Name: "lb-1", IPv6: address("fd00::2"), IPv4: address("10.0.0.2"), System: harness.System{
			Files: []harness.File{{Path: harness.HostsFile}},
		}},
	}}}
	for name, want := range map[string][]string{
		"db-1": {"lb-1:fd00::2", "lb-1:10.0.0.2"}, "lb-1": nil, harness.VantageObserver: nil,
	} {
		node := &node{lab: lab, Node: harness.Node{Name: name}}
		if got := node.extraHosts(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
