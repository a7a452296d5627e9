package harness

import (
	"slices"
	"testing"
)

// Goal: a system has the capabilities that it names, and of the lab's needs those that follow from what else it asks for, each
// with a reason; one that asks for nothing has none. Method: one system of each kind.
func TestCapabilitiesOf(t *testing.T) {
	user := []string{"CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"}
	mounts := Capabilities{"SYS_ADMIN": "it mounts"}
	disks := []Disk{{Name: "data", Size: MinimumDisk}}
	for name, test := range map[string]struct {
		change func(*System)
		disks  []Disk
		want   []string
	}{
		"nothing":       {func(*System) {}, nil, nil},
		"no disk of it": {func(*System) {}, disks, nil},
		"no system":     {func(s *System) { *s = System{} }, disks, nil},
		"named":         {func(s *System) { s.Capabilities = mounts }, nil, []string{"SYS_ADMIN"}},
		"a user":        {func(s *System) { s.User = "app" }, nil, user},
		"a number":      {func(s *System) { s.User = "101:101" }, nil, user},
		"root":          {func(s *System) { s.User = "root" }, nil, nil},
		"root's number": {func(s *System) { s.User = "0" }, nil, nil},
		"root's group":  {func(s *System) { s.User = "0:0" }, nil, user}, // groups are set
		"cgroups":       {func(s *System) { s.Cgroups = true }, nil, []string{"SYS_ADMIN"}},
		"takes disks":   {func(s *System) { s.Capabilities = mounts }, disks, []string{"MKNOD", "SYS_ADMIN"}},
		"a disk of its own": {
			func(s *System) { s.Capabilities, s.SystemDisk = mounts, MinimumSystemDisk }, nil,
			[]string{"DAC_OVERRIDE", "MKNOD", "SYS_ADMIN", "SYS_CHROOT"},
		},
	} {
		node := validNode(1)
		node.System.Capabilities = nil
		test.change(&node.System)
		needed := Topology{Disks: test.disks}.CapabilitiesOf(node)
		if got := needed.Names(); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		for capability, reason := range needed {
			if reason == "" || !slices.Contains(capabilities, capability) {
				t.Errorf("%s: %s, because %q", name, capability, reason)
			}
		}
	}
}

// Goal: what a topology says of a capability stands, whatever the lab needs that too for, and nobody's own list changes.
// Method: two lists that share one.
func TestCapabilitiesWith(t *testing.T) {
	own, more := Capabilities{"KILL": "own"}, Capabilities{"KILL": "more", "CHOWN": "more"}
	all := own.With(more, Capabilities{"CHOWN": "last"})
	if len(all) != 2 || all["KILL"] != "own" || all["CHOWN"] != "more" || len(own) != 1 || len(more) != 2 {
		t.Errorf("%v of %v and %v", all, own, more)
	}
	if none := Capabilities(nil).With(); none == nil || len(none) != 0 {
		t.Errorf("of nothing there is %v", none)
	}
}
