package labtest

import (
	"slices"
	"testing"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: machines in memory have disks as real ones do: one machine at a time, not while it is mounted, and
// from a machine without power at any time. Method: carry a disk from one machine to another.
func TestDisks(t *testing.T) {
	system := harness.System{Command: []string{"server"}, Capabilities: harness.Capabilities{"SYS_ADMIN": "a test"}}
	machines := New(harness.Topology{
		Name: "pair", Nodes: []harness.Node{{Name: "one", System: system}, {Name: "two", System: system}},
		Disks: []harness.Disk{{Name: "data", Size: harness.MinimumDisk, Node: "one"}},
	})
	defer machines.Close()
	machines.Mount("data", "/srv")
	Expect(t, machines.AttachDisk(t.Context(), "data", "two"),
		"attach disk data to two: it is still attached to one: detach it there first")
	Expect(t, machines.DetachDisk(t.Context(), "data"), "detach disk data from one: it is still mounted at /srv")
	Expect(t, machines.PowerOn(t.Context(), "one"), "") // it is on
	Expect(t, machines.PowerOff(t.Context(), "one"), "")
	Expect(t, machines.PowerOff(t.Context(), "three"), `the topology has no node "three": its nodes are `)
	if status, err := machines.Status(t.Context(), "one"); err != nil || status.Running || status.Signal != "killed" {
		t.Errorf("without power: %+v, %v", status, err)
	}
	Expect(t, machines.DetachDisk(t.Context(), "data"), "")
	Expect(t, machines.DetachDisk(t.Context(), "data"), "")
	Expect(t, machines.AttachDisk(t.Context(), "data", "two"), "")
	Expect(t, machines.PowerOn(t.Context(), "one"), "")
	want := []string{"attach disk data to two", "detach disk data from one", "power off one", "power on one", "start one"}
	if done := machines.Journal(); !slices.Equal(done, want) {
		t.Errorf("done %q, want %q", done, want)
	}
}

// Goal: power that comes back finds nothing mounted. Method: off and on with a mounted disk, then detach.
func TestPowerUnmounts(t *testing.T) {
	system := harness.System{Command: []string{"server"}, Capabilities: harness.Capabilities{"SYS_ADMIN": "a test"}}
	machines := New(harness.Topology{
		Nodes: []harness.Node{{Name: "one", System: system}},
		Disks: []harness.Disk{{Name: "data", Node: "one"}},
	})
	defer machines.Close()
	machines.Mount("data", "/srv")
	Expect(t, machines.PowerOff(t.Context(), "one"), "")
	Expect(t, machines.PowerOn(t.Context(), "one"), "")
	Expect(t, machines.DetachDisk(t.Context(), "data"), "")
}
