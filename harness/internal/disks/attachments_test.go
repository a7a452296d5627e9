package disks

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
)

// pair is two machines that can mount, one that cannot, a disk on the first and one on none.
func pair() harness.Topology {
	able := harness.System{Command: []string{"server"}, Capabilities: harness.Capabilities{"SYS_ADMIN": "a test"}}
	return harness.Topology{
		Name: "pair",
		Nodes: []harness.Node{
			{Name: "one", System: able},
			{Name: "two", System: able},
			{Name: "plain", System: harness.System{Command: able.Command}},
		},
		Disks: []harness.Disk{{Name: "data", Size: harness.MinimumDisk, Node: "one"}, {Name: "spare", Size: harness.MinimumDisk}},
	}
}

func names(disks []harness.Disk) string {
	var all []string
	for _, disk := range disks {
		all = append(all, disk.Name)
	}
	return strings.Join(all, " ")
}

// Goal: a disk is on one node at a time, moves when it is taken away first, and stays when that fails.
// Method: move one about and compare what was done, and where the list has it.
func TestMoves(t *testing.T) {
	disks := New(pair())
	var done []string
	plug := func(disk harness.Disk) error { done = append(done, "plug "+disk.Name); return nil }
	pull := func(disk harness.Disk, node string) error {
		done = append(done, "pull "+disk.Name+" from "+node)
		return nil
	}
	mounted := func(harness.Disk, string) error { return errors.New("it is mounted at /srv") }
	expect := func(err error, want string) {
		t.Helper()
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
	expect(disks.Attach("data", "two", plug), "attach disk data to two: it is still attached to one: detach it there first")
	expect(disks.Detach("data", mounted), "it is mounted at /srv")
	expect(disks.Attach("data", "one", plug), "") // it is there
	expect(disks.Detach("data", pull), "")
	expect(disks.Detach("data", pull), "") // it is nowhere
	expect(disks.Attach("data", "two", func(harness.Disk) error { return errors.New("no loop device") }), "no loop device")
	expect(disks.Attach("data", "two", plug), "")
	expect(disks.Attach("spare", "two", plug), "")
	if want := []string{"pull data from one", "plug data", "plug spare"}; !slices.Equal(done, want) {
		t.Errorf("done %q, want %q", done, want)
	}
	if one, two := names(disks.On("one")), names(disks.On("two")); one != "" || two != "data spare" {
		t.Errorf("one has %q, two has %q", one, two)
	}
}

// Goal: what is not there, or cannot mount, is refused in a sentence, and nothing is done. Method: one of each.
func TestRefusals(t *testing.T) {
	disks := New(pair())
	plug := func(harness.Disk) error { t.Error("something was plugged in"); return nil }
	for want, err := range map[string]error{
		`attach disk nope to two: the topology has no disk "nope": its disks are `:     disks.Attach("nope", "two", plug),
		`attach disk spare to three: the topology has no node "three": its nodes are `: disks.Attach("spare", "three", plug),
		"attach disk spare to plain: the node's system lacks the capability SYS_":      disks.Attach("spare", "plain", plug),
		`detach disk nope: the topology has no disk "nope": its disks are `:            disks.Detach("nope", nil),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}
