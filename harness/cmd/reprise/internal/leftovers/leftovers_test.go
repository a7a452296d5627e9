package leftovers

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// Goal: everything that a lab of the run leaves is named, and nothing that was there before or
// belongs to somebody else.
// Method: compare two stocks that differ in one of everything.
func TestCompareStocks(t *testing.T) {
	const ours, theirs = "bench-1", "another"
	before := Stock{
		Engine: engine.Inventory{
			Containers: []engine.Item{{ID: "old", Name: "old"}}, Networks: []engine.Item{{ID: "bridge", Name: "bridge"}},
		},
		Processes: []Process{
			{pid: 1, started: 5, name: "containerd-shim"}, {pid: 2, started: 5, name: "nomad"},
		},
		Mounts: []string{"/"},
	}
	if left := Compare(before, before, ours); left.problem() != nil {
		t.Errorf("nothing has changed, and %v", left.problem())
	}
	after := Stock{
		Engine: engine.Inventory{
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
		Processes: []Process{
			{pid: 1, started: 5, name: "containerd-shim"},
			{pid: 2, started: 9, name: "nomad"}, // the number is used again
			{pid: 3, started: 9, name: "containerd-shim", container: "b"},
		},
		Mounts: []string{"/", "/run/netns/x"},
	}
	left := Compare(before, after, ours)
	for name, c := range map[string]struct{ got, want []string }{
		"containers": {left.Containers, []string{"leak"}},
		"networks":   {left.Networks, []string{"leaked-lan"}},
		"volumes":    {left.Volumes, []string{"unlabelled-volume"}},
		"processes":  {left.Processes, []string{"nomad (pid 2)"}},
		"mounts":     {left.Mounts, []string{"/run/netns/x"}},
		"strangers":  {left.Strangers, []string{"stranger"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %q, want %q", name, c.got, c.want)
		}
	}
}

// Goal: a process that this program has started and not ended is seen, and no longer when it has ended.
// Method: take the processes before, during and after a child's life.
func TestLabProcessesSeeAChild(t *testing.T) {
	seen := func(pid int) bool {
		processes, err := labProcesses()
		testkit.Must(t, err)
		return slices.ContainsFunc(processes, func(process Process) bool { return process.pid == pid })
	}
	child := exec.Command("cat")
	input, err := child.StdinPipe()
	testkit.Must(t, err)
	testkit.Must(t, child.Start())
	if !seen(child.Process.Pid) {
		t.Error("the child is not seen")
	}
	testkit.Must(t, errors.Join(input.Close(), child.Wait()))
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
		if want := (Process{pid: 42, parent: 7, started: 4711, name: name}); err != nil || got != want {
			t.Errorf("%q: %+v, %v", name, got, err)
		}
	}
	for _, stat := range []string{"", "42 sleep", "42 (sleep) S 7", "x (sleep)" + rest} {
		if got, err := parseStat([]byte(stat)); err == nil {
			t.Errorf("%q was read as %+v", stat, got)
		}
	}
}

// Goal: what an engine that was never used mounts for itself is nobody's leftover. Method: lines of a machine with a lab.
func TestMountPoints(t *testing.T) {
	const mountinfo = `
21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
90 21 0:4 net:[4026532177] /run/docker/netns/default rw shared:9 - nsfs nsfs rw
91 21 0:4 net:[4026532399] /run/docker/netns/9a71b2ff07de rw shared:11 - nsfs nsfs rw
`
	want := []string{"/", "/run/docker/netns/9a71b2ff07de"}
	if got := mountPointsIn(mountinfo); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
