package labtest

import (
	"context"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// network is two machines that refuse connections, of which the first has a disk of its own.
func network(t *testing.T) *Lab {
	t.Helper()
	machines := New(harness.Topology{Nodes: []harness.Node{
		{
			Name: "one", IPv6: netip.MustParseAddr("fd00::11"), IPv4: netip.MustParseAddr("10.0.0.11"),
			System: harness.System{Command: []string{"server"}, SystemDisk: harness.MinimumSystemDisk},
		},
		{Name: "two", IPv6: netip.MustParseAddr("fd00::12"), IPv4: netip.MustParseAddr("10.0.0.12")},
	}})
	t.Cleanup(machines.Close)
	return machines
}

// apply has one action befall a machine.
func apply(t *testing.T, machines *Lab, node string, action harness.Action, want string) {
	t.Helper()
	_, err := machines.Apply(t.Context(), []harness.NodeActions{{Node: node, Actions: []harness.Action{action}}})
	Expect(t, err, want)
}

// Goal: addresses answer as those of real machines do after actions on them: refused where a machine is, silent where none is any
// more or hears nothing. Method: what dialling finds before, in between and after.
func TestApplyToNetwork(t *testing.T) {
	prefix := func(address string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(address + "/64")} }
	there, back := harness.Readdress{From: prefix("fd00::11"), To: prefix("fd00::99")}, harness.Readdress{}
	back.From, back.To = there.To, there.From
	drop := harness.Drop{From: []netip.Addr{netip.MustParseAddr("fd00::12"), netip.MustParseAddr("10.0.0.12")}}
	lifted := drop
	lifted.Lift = true
	for name, test := range map[string]struct{ action, undo harness.Action }{
		"another address": {harness.Action{Readdress: &there}, harness.Action{Readdress: &back}},
		"links down":      {harness.Action{Link: &harness.Link{}}, harness.Action{Link: &harness.Link{Up: true}}},
		"packets dropped": {harness.Action{Drop: &drop}, harness.Action{Drop: &lifted}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				machines := network(t)
				dial := func(want string) {
					t.Helper()
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					_, err := machines.Dial(ctx, "two", "tcp", "[fd00::11]:9")
					Expect(t, err, want)
				}
				dial("connection refused")
				apply(t, machines, "one", test.action, "")
				dial("deadline exceeded")
				apply(t, machines, "one", test.undo, "")
				dial("connection refused")
			})
		})
	}
}

// Goal: a disk that fails refuses writes for the reason that real ones do, and is whole again as real ones are. Method: every
// action on a disk, and what makes up for it.
func TestApplyToDisk(t *testing.T) {
	for want, action := range map[error]harness.DiskAction{
		syscall.EROFS: {Abort: true}, syscall.ENOSPC: {Fill: true}, syscall.EIO: {Cut: true},
	} {
		machines := network(t)
		write := func(want string) {
			t.Helper()
			Expect(t, machines.WriteFile(t.Context(), "one", harness.File{Path: "/etc/x"}), want)
		}
		write("")
		apply(t, machines, "one", harness.Action{Disk: &action}, "")
		write(want.Error())
		switch {
		case action.Fill:
			Expect(t, machines.RemoveFile(t.Context(), "one", harness.FillFile), "")
		case action.Cut:
			apply(t, machines, "one", harness.Action{Disk: &harness.DiskAction{Mend: true}}, "")
			write(syscall.EROFS.Error()) // the kernel has come to that conclusion when it could not write
			fallthrough
		default:
			Expect(t, machines.PowerOff(t.Context(), "one"), "")
			write(harness.ErrOff.Error())
			Expect(t, machines.PowerOn(t.Context(), "one"), "")
		}
		write("")
	}
}

// Goal: what cannot be done is refused, and nothing else is done then. Method: actions that make no sense, behind one that does.
func TestApplyRefuses(t *testing.T) {
	machines := network(t)
	elsewhere := []netip.Prefix{netip.MustParsePrefix("fd00::1/64")}
	for want, wrong := range map[string]struct {
		node   string
		action harness.Action
	}{
		`apply actions to three: the topology has no node "three": its nodes are one, two`: {
			"three", harness.Action{Link: &harness.Link{}},
		},
		"its system has no disk of its own": {"two", harness.Action{Disk: &harness.DiskAction{Fill: true}}},
		"its links are not down any more":   {"two", harness.Action{Link: &harness.Link{Verify: true}}},
		"no process of it is called cron":   {"two", harness.Action{Signal: &harness.Signal{Process: "cron"}}},
		"not all of it is dropped any more": {
			"two", harness.Action{Drop: &harness.Drop{Verify: true, From: []netip.Addr{netip.IPv6Loopback()}}},
		},
		"it does not have the address fd00::1": {"two", harness.Action{Readdress: &harness.Readdress{From: elsewhere}}},
	} {
		kill := harness.NodeActions{Node: "one", Actions: []harness.Action{{Signal: &harness.Signal{Name: "KILL"}}}}
		_, err := machines.Apply(t.Context(), []harness.NodeActions{
			kill, {Node: wrong.node, Actions: []harness.Action{wrong.action}},
		})
		Expect(t, err, want)
	}
	_, err := machines.Apply(t.Context(), nil)
	Expect(t, err, "no node is named")
	if status, err := machines.Status(t.Context(), "one"); err != nil || !status.Running {
		t.Errorf("the first node was struck: %+v, %v", status, err)
	}
}
