package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab/engine"
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
		got  figure
		want string
	}{
		"median met":     {spread.medianBelow(2 * time.Millisecond), benchMet},
		"median missed":  {spread.medianBelow(time.Millisecond), benchMissed},
		"tail met":       {spread.tailBelow(10 * time.Millisecond), benchMet},
		"tail missed":    {spread.tailBelow(9 * time.Millisecond), benchMissed},
		"ratio met":      {ratio("g", "r", timing("g", "a", milliseconds(3)), timing("g", "b", milliseconds(2)), 1.5), benchMet},
		"ratio missed":   {ratio("g", "r", timing("g", "a", milliseconds(4)), timing("g", "b", milliseconds(2)), 1.5), benchMissed},
		"nothing left":   {found("g", "mounts", nil), benchMet},
		"something left": {found("g", "mounts", []string{"/mnt"}), benchMissed},
	} {
		if c.got.Verdict != c.want {
			t.Errorf("%s: %q, want %q", name, c.got.Verdict, c.want)
		}
	}
}

// Goal: the report says the same to people and to programs, and names what is left behind.
// Method: write a small report in all three forms and look for its parts.
func TestBenchReport(t *testing.T) {
	report := newBenchReport(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	report.add(timing("Faults", "kill", milliseconds(2, 4)).medianBelow(time.Millisecond),
		found("Left", "volumes", []string{"data-1"}))
	text, page := report.text(), report.markdown()
	for _, part := range []string{"kill", "3 ms", "2 ms … 4 ms", "p50 < 1 ms", "missed", "data-1"} {
		if !strings.Contains(text, part) || !strings.Contains(page, part) {
			t.Errorf("%q is missing in\n%s\nor in\n%s", part, text, page)
		}
	}
	content, err := report.json()
	if err != nil {
		t.Fatal(err)
	}
	var again benchReport
	if err := json.Unmarshal(content, &again); err != nil {
		t.Fatal(err)
	}
	if again.Schema != benchSchema || len(again.Figures) != 2 || again.Figures[0].Median != 3*time.Millisecond ||
		!slices.Equal(again.Figures[1].Found, []string{"data-1"}) {
		t.Errorf("read again it is %+v", again)
	}
}

// Goal: everything that a lab of the run leaves is named, and nothing that was there before or
// belongs to somebody else.
// Method: compare two stocks that differ in one of everything.
func TestCompareStocks(t *testing.T) {
	const ours, theirs = "bench-1", "another"
	before := stock{
		engine: engine.Inventory{
			Containers: []engine.Item{{ID: "old", Name: "old"}}, Networks: []engine.Item{{ID: "bridge", Name: "bridge"}},
		},
		processes: []machineProcess{
			{pid: 1, started: 5, name: "containerd-shim"}, {pid: 2, started: 5, name: "nomad"},
		},
		mounts: []string{"/"},
	}
	if left := compareStocks(before, before, ours); left.problem() != nil {
		t.Errorf("nothing has changed, and %v", left.problem())
	}
	after := stock{
		engine: engine.Inventory{
			Containers: []engine.Item{
				{ID: "old", Name: "old"},
				{ID: "a", Name: "leak", Run: ours},
				{ID: "b", Name: "stranger", Run: theirs, Volumes: []string{"their-volume"}},
			},
			Networks: []engine.Item{
				{ID: "bridge", Name: "bridge"},
				{ID: "n", Name: "leaked-lan", Run: ours},
				{ID: "m", Name: "their-lan", Run: theirs},
			},
			Volumes: []engine.Item{{ID: "v", Name: "unlabelled-volume"}, {ID: "w", Name: "their-volume"}},
		},
		processes: []machineProcess{
			{pid: 1, started: 5, name: "containerd-shim"},
			{pid: 2, started: 9, name: "nomad"}, // the number is used again
			{pid: 3, started: 9, name: "containerd-shim", container: "b"},
		},
		mounts: []string{"/", "/run/netns/x"},
	}
	left := compareStocks(before, after, ours)
	for name, c := range map[string]struct{ got, want []string }{
		"containers": {left.containers, []string{"leak"}},
		"networks":   {left.networks, []string{"leaked-lan"}},
		"volumes":    {left.volumes, []string{"unlabelled-volume"}},
		"processes":  {left.processes, []string{"nomad (pid 2)"}},
		"mounts":     {left.mounts, []string{"/run/netns/x"}},
		"strangers":  {left.strangers, []string{"stranger"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %q, want %q", name, c.got, c.want)
		}
	}
	verdicts := map[string]string{}
	for _, figure := range left.figures(10) {
		verdicts[figure.Name] = figure.Verdict
	}
	if verdicts["volumes"] != benchMissed || verdicts["mounts"] != benchUnknown {
		t.Errorf("with strangers about, the verdicts are %v", verdicts)
	}
}

// Goal: a process that this program has started and not ended is seen, and no longer when it has ended.
// Method: take the processes before, during and after a child's life.
func TestLabProcessesSeeAChild(t *testing.T) {
	seen := func(pid int) bool {
		processes, err := labProcesses()
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(processes, func(process machineProcess) bool { return process.pid == pid })
	}
	child := exec.Command("cat")
	input, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if !seen(child.Process.Pid) {
		t.Error("the child is not seen")
	}
	if err := errors.Join(input.Close(), child.Wait()); err != nil {
		t.Fatal(err)
	}
	if seen(child.Process.Pid) {
		t.Error("the child is seen after its end")
	}
	if seen(os.Getpid()) {
		t.Error("this program takes itself for a leftover")
	}
}

// Goal: a process's line is read whatever its name is. Method: names with parentheses and spaces.
func TestParseStat(t *testing.T) {
	const rest = " S 7 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 4711 1 1"
	for _, name := range []string{"sleep", "a b", "x) S 9 (y"} {
		got, err := parseStat([]byte("42 (" + name + ")" + rest))
		if want := (machineProcess{pid: 42, parent: 7, started: 4711, name: name}); err != nil || got != want {
			t.Errorf("%q: %+v, %v", name, got, err)
		}
	}
	for _, stat := range []string{"", "42 sleep", "42 (sleep) S 7", "x (sleep)" + rest} {
		if got, err := parseStat([]byte(stat)); err == nil {
			t.Errorf("%q was read as %+v", stat, got)
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
		if err != nil {
			t.Fatal(err)
		}
		return status.Running
	}
	if running() {
		t.Error("it runs before it was started")
	}
	if err := errors.Join(bare.Start(t.Context(), "nomad-1"), bare.Start(t.Context(), "nomad-1")); err != nil {
		t.Fatal(err)
	}
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

// Goal: counts that measure nothing are refused in one sentence before anything is tried.
// Method: run the command with them.
func TestBenchRefusesEmptyCounts(t *testing.T) {
	for _, flag := range []string{"--runs", "--faults", "--starts"} {
		var out, problems bytes.Buffer
		code := status(command(&out).Run(t.Context(), []string{"reprise", "bench", flag, "0"}), &problems)
		if code != 2 || !strings.Contains(problems.String(), "0 is not positive") || strings.Count(problems.String(), "\n") != 1 {
			t.Errorf("%s 0: status %d, %q", flag, code, problems.String())
		}
	}
}
