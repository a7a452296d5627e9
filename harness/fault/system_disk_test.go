package fault

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// A diskLab is a node with a system disk, and one without, that keeps what is done to it.
type diskLab struct {
	harness.Lab // what these faults must not call panics
	state       error
	files       map[string]bool
	done        []string
}

func newDiskLab() *diskLab { return &diskLab{files: map[string]bool{}} }

func (l *diskLab) Topology() harness.Topology {
	return harness.Topology{Nodes: []harness.Node{
		{Name: "one", System: harness.System{SystemDisk: harness.MinimumSystemDisk}},
		{Name: "two"},
	}}
}

func (l *diskLab) Apply(_ context.Context, nodeActions []harness.NodeActions) (harness.Impact, error) {
	disk := *nodeActions[0].Actions[0].Disk
	switch {
	case disk.Abort:
		l.done, l.state = append(l.done, "abort "+nodeActions[0].Node), syscall.EROFS
	case disk.Fill:
		l.done, l.state = append(l.done, "fill "+nodeActions[0].Node), syscall.ENOSPC
		l.files[harness.FillFile] = true
	case disk.Cut:
		l.done, l.state = append(l.done, "cut "+nodeActions[0].Node), syscall.EIO
	case disk.Mend:
		l.done = append(l.done, "mend "+nodeActions[0].Node)
		if errors.Is(l.state, syscall.EIO) {
			l.state = syscall.EROFS // somebody has tried to write
		}
	}
	return harness.Impact{Before: time.Now()}, nil
}

func (l *diskLab) WriteFile(_ context.Context, _ string, file harness.File) error {
	if l.state == nil {
		l.files[file.Path] = true
	}
	return l.state
}

func (l *diskLab) RemoveFile(_ context.Context, _, path string) error {
	if errors.Is(l.state, harness.ErrOff) {
		return l.state
	}
	if delete(l.files, path); path == harness.FillFile {
		l.done, l.state = append(l.done, "remove "+path), nil
	}
	return nil
}

func (l *diskLab) ReadFile(_ context.Context, _, _ string) ([]byte, error) {
	return []byte("proc /proc proc rw 0 0\n/dev/loop0 / ext4 rw,relatime,emergency_ro 0 0\n"), nil
}

func (l *diskLab) PowerOff(_ context.Context, node string) error {
	l.done = append(l.done, "off "+node)
	return nil
}

func (l *diskLab) PowerOn(_ context.Context, node string) error {
	l.done, l.state = append(l.done, "on "+node), nil
	return nil
}

var diskFaults = map[string]struct {
	fault  harness.Fault
	proof  string
	struck string
	lifted []string
}{
	"read-only root": {ReadOnlyRoot{Node: "one"}, "a write to the root of one fails: read-only file system; it is mounted " +
		"rw,relatime,emergency_ro", "abort one", []string{"off one", "on one"}},
	"disk full": {
		DiskFull{Node: "one"},
		"a write to the root of one fails: no space left on device", "fill one",
		[]string{"remove /reprise-fill"},
	},
	"disk errors": {
		DiskErrors{Node: "one"},
		"a write to the root of one fails: input/output error", "cut one",
		[]string{"mend one", "off one", "on one"},
	},
}

// Goal: a fault that does not bite, or bites otherwise, is not confirmed, and the probe leaves nothing. Method: a disk
// that takes the write, and one that refuses it for another reason.
func TestDiskFaultsThatDoNotBite(t *testing.T) {
	for name, test := range diskFaults {
		for want, state := range map[string]error{"can still be written": nil, "for another reason": syscall.EDQUOT} {
			lab := newDiskLab()
			injection, err := test.fault.Inject(t.Context(), lab)
			testkit.Must(t, err)
			lab.state = state
			delete(lab.files, harness.FillFile)
			if proof, err := injection.Confirm(t.Context()); err == nil || !strings.Contains(err.Error(), want) || len(lab.files) > 0 {
				t.Errorf("%s: confirmed by %q, %v, want %q; left %v", name, proof, err, want, lab.files)
			}
		}
	}
}

// Goal: a node that was thrown away, or installed anew, is left alone by a revert. Method: one without power, one
// whose root can be written.
func TestDiskFaultsRevertOfAnotherNode(t *testing.T) {
	for name, test := range diskFaults {
		for _, state := range []error{harness.ErrOff, nil} {
			lab := newDiskLab()
			injection, err := test.fault.Inject(t.Context(), lab)
			testkit.Must(t, err)
			lab.state = state
			if err := injection.Revert(t.Context()); err != nil || slices.Contains(lab.done, "off one") ||
				slices.Contains(lab.done, "on one") {
				t.Errorf("%s: with %v the revert did %q: %v", name, state, lab.done, err)
			}
		}
	}
}

// Goal: a fault that cannot be is refused in one sentence, before anything happens. Method: no such node, and a node
// without a disk of its own.
func TestDiskFaultsRefuse(t *testing.T) {
	for want, node := range map[string]string{
		`the topology has no node "three": its nodes are `: "three",
		"the system of two has no disk of its own":         "two",
	} {
		for _, fault := range []harness.Fault{ReadOnlyRoot{Node: node}, DiskFull{Node: node}, DiskErrors{Node: node}} {
			lab := newDiskLab()
			injection, err := fault.Inject(t.Context(), lab)
			if injection != nil || err == nil || !strings.Contains(err.Error(), want) || len(lab.done) > 0 {
				t.Errorf("%s: %v after %q, want %q", fault.Describe(), err, lab.done, want)
			}
		}
	}
}
