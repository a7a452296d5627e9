//go:build linux

package supervisor

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a product can make cgroups beside the processes that were there. Method: a cgroup of our own
// with one process, below the machine's cgroup2 tree; delegate it, then look where the process is and
// that a cgroup beside it can be made.
func TestDelegateMakesRoom(t *testing.T) {
	cgroup := newCgroup(t)
	process := exec.Command("sleep", "600")
	testkit.Must(t, process.Start())
	t.Cleanup(func() { _ = process.Process.Kill(); _ = process.Wait() })
	number := strconv.Itoa(process.Process.Pid)
	testkit.Must(t, os.WriteFile(filepath.Join(cgroup, "cgroup.procs"), []byte(number), 0o600))
	for range 2 { // a second time changes nothing
		testkit.Must(t, delegate(cgroup))
	}
	moved, err := os.ReadFile(filepath.Join(cgroup, "init", "cgroup.procs"))
	if err != nil || strings.TrimSpace(string(moved)) != number {
		t.Errorf("process %s is not in init, which holds %q, %v", number, moved, err)
	}
	product := filepath.Join(cgroup, "product")
	testkit.Expect(t, os.Mkdir(product, 0o700), "")
}

// newCgroup makes a cgroup that is removed after the test.
func newCgroup(t *testing.T) string {
	t.Helper()
	for _, mount := range mounts() {
		if mount.kind != "cgroup2" || mount.readOnly {
			continue
		}
		cgroup, err := os.MkdirTemp(mount.point, "reprise-test-*") //nolint:usetesting // it has to be in the cgroup file system
		if err != nil {
			continue
		}
		t.Cleanup(func() {
			for _, child := range []string{"init", "product", ""} {
				if err := os.Remove(filepath.Join(cgroup, child)); err != nil && !os.IsNotExist(err) {
					t.Errorf("remove the test's cgroup: %v", err)
				}
			}
		})
		return cgroup
	}
	t.Skip("there is no cgroup2 tree here that this user may write to")
	return ""
}

// Goal: a boot leaves none of the product's cgroups behind, however deep, and spares one with a process in it.
// Method: a tree of cgroups below one of our own, one of them with a process; remove what is below.
func TestRemoveBelow(t *testing.T) {
	top := newCgroup(t)
	for _, path := range []string{"kubepods/besteffort/pod1", "kubepods/burstable", "busy"} {
		testkit.Must(t, os.MkdirAll(filepath.Join(top, path), 0o755))
	}
	process := exec.Command("sleep", "600")
	testkit.Must(t, process.Start())
	defer func() {
		_ = process.Process.Kill()
		_ = process.Wait()
		_ = os.Remove(filepath.Join(top, "busy"))
	}()
	procs := filepath.Join(top, "busy", "cgroup.procs")
	testkit.Must(t, os.WriteFile(procs, []byte(strconv.Itoa(process.Process.Pid)), 0o644))
	testkit.Must(t, removeBelow(top))
	if _, err := os.Stat(filepath.Join(top, "kubepods")); !os.IsNotExist(err) {
		t.Errorf("kubepods is still there: %v", err)
	}
	if _, err := os.Stat(procs); err != nil {
		t.Errorf("the cgroup with a process in it is gone: %v", err)
	}
}
