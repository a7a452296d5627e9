//go:build bench

package bench

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/leftovers"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

func milliseconds(values ...int) []time.Duration {
	var samples []time.Duration
	for _, value := range values {
		samples = append(samples, time.Duration(value)*time.Millisecond)
	}
	return samples
}

// Goal: the statistics are what their names say, for odd, even and single counts.
// Method: samples whose median, extremes and 99th percentile are known.
func TestBenchStatistics(t *testing.T) {
	hundred := make([]time.Duration, 0, 100)
	for i := 100; i > 0; i-- {
		hundred = append(hundred, time.Duration(i)*time.Millisecond)
	}
	for name, c := range map[string]struct {
		samples                   []time.Duration
		median, least, most, tail int // tenths of a millisecond
	}{
		"one":     {milliseconds(7), 70, 70, 70, 70},
		"odd":     {milliseconds(9, 1, 5), 50, 10, 90, 90},
		"even":    {milliseconds(4, 1, 3, 2), 25, 10, 40, 40},
		"hundred": {hundred, 505, 10, 1000, 990},
	} {
		got := timing("g", name, c.samples)
		tenths := func(d time.Duration) int { return int(d / (100 * time.Microsecond)) }
		if tenths(got.Median) != c.median || tenths(got.Least) != c.least || tenths(got.Most) != c.most || tenths(got.Tail) != c.tail {
			t.Errorf("%s: median %v, least %v, most %v, tail %v", name, got.Median, got.Least, got.Most, got.Tail)
		}
	}
	if first := timing("g", "order", milliseconds(3, 1)).Samples[0]; first != 3*time.Millisecond {
		t.Errorf("the samples are not in the order they were taken: the first is %v", first)
	}
}

// Goal: a target is missed exactly when the figure that it speaks of misses it.
// Method: figures on both sides of each kind of target, with another figure on the other side.
func TestBenchTargets(t *testing.T) {
	spread := timing("g", "spread", milliseconds(1, 1, 9))
	for name, c := range map[string]struct {
		got  Figure
		want string
	}{
		"median met":     {spread.medianBelow(2 * time.Millisecond), met},
		"median missed":  {spread.medianBelow(time.Millisecond), missed},
		"tail met":       {spread.tailBelow(10 * time.Millisecond), met},
		"tail missed":    {spread.tailBelow(9 * time.Millisecond), missed},
		"ratio met":      {ratio("g", "r", timing("g", "a", milliseconds(3)), timing("g", "b", milliseconds(2)), 1.5), met},
		"ratio missed":   {ratio("g", "r", timing("g", "a", milliseconds(4)), timing("g", "b", milliseconds(2)), 1.5), missed},
		"nothing left":   {found("g", "mounts", nil), met},
		"something left": {found("g", "mounts", []string{"/mnt"}), missed},
	} {
		if c.got.Verdict != c.want {
			t.Errorf("%s: %q, want %q", name, c.got.Verdict, c.want)
		}
	}
}

// Goal: the report says the same to people and to programs, and names what is left behind.
// Method: write a small report in all three forms and look for its parts.
func TestBenchReport(t *testing.T) {
	report := newReport(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	report.add(timing("Faults", "kill", milliseconds(2, 4)).medianBelow(time.Millisecond),
		found("Left", "volumes", []string{"data-1"}))
	text, page := report.text(), report.markdown()
	for _, part := range []string{"kill", "3 ms", "2 ms … 4 ms", "p50 < 1 ms", "missed", "data-1"} {
		if !strings.Contains(text, part) || !strings.Contains(page, part) {
			t.Errorf("%q is missing in\n%s\nor in\n%s", part, text, page)
		}
	}
	content, err := report.json()
	testkit.Must(t, err)
	var again Report
	testkit.Must(t, json.Unmarshal(content, &again))
	if again.Schema != Schema || len(again.Figures) != 2 || again.Figures[0].Median != 3*time.Millisecond ||
		!slices.Equal(again.Figures[1].Found, []string{"data-1"}) {
		t.Errorf("read again it is %+v", again)
	}
}

// Goal: what may be somebody else's is not held against the labs.
// Method: a volume and a mount, with a stranger about and without.
func TestLeftoverFigures(t *testing.T) {
	for stranger, mounts := range map[string]string{"": missed, "stranger": unknown} {
		left := leftovers.Remainder{Volumes: []string{"data"}, Mounts: []string{"/run/netns/x"}}
		if stranger != "" {
			left.Strangers = []string{stranger}
		}
		verdicts := map[string]string{}
		for _, figure := range leftoverFigures(left, 10) {
			verdicts[figure.Name] = figure.Verdict
		}
		if verdicts["volumes"] != missed || verdicts["mounts"] != mounts || verdicts["networks"] != met {
			t.Errorf("with strangers %q, the verdicts are %v", stranger, verdicts)
		}
	}
}

// bareMachine is a machine that runs what it is told until it is told to kill it.
type bareMachine struct {
	harness.Operator
	dialled []string
	started chan string
	killed  chan struct{}
}

func (m *bareMachine) Dial(_ context.Context, from, _, address string) (net.Conn, error) {
	m.dialled = append(m.dialled, from+" "+address)
	return nil, io.EOF
}

func (m *bareMachine) Exec(ctx context.Context, _ string, argv ...string) ([]byte, error) {
	script := argv[len(argv)-1]
	if strings.HasPrefix(script, "kill -TERM ") {
		close(m.killed)
		return nil, nil
	}
	m.started <- script
	select {
	case <-m.killed:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Goal: a client that asks a node's own 127.0.0.1 reaches that node's process, and other addresses
// are left alone. Method: dial from two nodes and see what the machine is asked for.
func TestBareClusterDials(t *testing.T) {
	machine := &bareMachine{}
	floor := fixtures.FloorOf(fixtures.NomadConsul(3))
	bare := newBareCluster(machine, floor)
	defer bare.close()
	for _, call := range [][2]string{
		{"consul-1", "127.0.0.1:8500"},
		{"nomad-2", "127.0.0.1:4646"},
		{"nomad-2", "[fd00:d1::11]:8500"},
		{"nobody", "127.0.0.1:1"},
	} {
		_, _ = bare.Dial(t.Context(), call[0], "tcp", call[1])
	}
	want := []string{"floor " + floor.Processes[0].Loopback.String() + ":8500", "floor " + floor.Processes[4].Loopback.String() +
		":4646", "floor [fd00:d1::11]:8500"}
	if !slices.Equal(machine.dialled, want) {
		t.Errorf("dialled %q, want %q", machine.dialled, want)
	}
}

// Goal: a bare process starts once, is stopped by a signal, and its status follows.
// Method: start one twice and stop it on a machine that obeys; a second start would block.
func TestBareClusterStartsAndStops(t *testing.T) {
	machine := &bareMachine{started: make(chan string, 2), killed: make(chan struct{})}
	bare := newBareCluster(machine, fixtures.FloorOf(fixtures.NomadConsul(1)))
	defer bare.close()
	running := func() bool {
		status, err := bare.Status(t.Context(), "nomad-1")
		testkit.Must(t, err)
		return status.Running
	}
	if running() {
		t.Error("it runs before it was started")
	}
	testkit.Must(t, errors.Join(bare.Start(t.Context(), "nomad-1"), bare.Start(t.Context(), "nomad-1")))
	if script := <-machine.started; !strings.Contains(script, "exec nomad agent -config=/etc/nomad-1/nomad.d >") {
		t.Errorf("started with %q", script)
	}
	if !running() || len(machine.started) > 0 {
		t.Errorf("running: %t, started again: %t", running(), len(machine.started) > 0)
	}
	if err := bare.Stop(t.Context(), "nomad-1"); err != nil || running() {
		t.Errorf("stopped: %v, running: %t", err, running())
	}
	if err := bare.Stop(t.Context(), "nomad-1"); err != nil {
		t.Errorf("stopping what does not run: %v", err)
	}
}
