//go:build linux

package supervisor

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: another file system becomes the root, with what is mounted in the old one and without what is to be hidden; the
// way back leaves nothing mounted, also where the product has mounted something, and can be gone again. Method: a file
// system in memory for a disk, in a mount namespace of the test's own.
func TestGoIntoAndLeave(t *testing.T) {
	apart(t, unix.CLONE_NEWNS, func(t *testing.T) {
		home := t.TempDir()
		beneath, err := os.Open("/")
		testkit.Must(t, err)
		d := &systemDisk{home: home, beneath: beneath, folder: "/no/such/folder"}
		root := d.place("root")
		testkit.Must(t, errors.Join(os.Mkdir(root, 0o755), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")))
		before := mountedAt()
		for range 2 {
			if err := unix.Mount("tmpfs", root, "tmpfs", 0, ""); err != nil {
				t.Skipf("this machine does not let the test mount: %v", err)
			}
			testkit.Must(t, d.goInto(root))
			if kind := mountedAt()["/"]; kind != "tmpfs" {
				t.Errorf("the root is a %s", kind)
			}
			if _, err := os.Stat("/proc/self/status"); err != nil {
				t.Errorf("what was mounted is missing: %v", err)
			}
			if _, err := os.Stat(home); err == nil {
				t.Errorf("%s can be seen", home)
			}
			testkit.Must(t, errors.Join(os.Mkdir("/product", 0o755), unix.Mount("tmpfs", "/product", "tmpfs", 0, "")))
			testkit.Must(t, d.leave(t.Context()))
			after := mountedAt()
			if _, err := os.Stat(root); err != nil || len(after) != len(before) || after["/"] != before["/"] {
				t.Errorf("back in the old root there are %v, %v", after, err)
			}
		}
	})
}

// Goal: the file takes all there is, and not a byte fits afterwards. Method: a small file system in memory.
func TestFill(t *testing.T) {
	apart(t, unix.CLONE_NEWNS, func(t *testing.T) {
		folder := t.TempDir()
		if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=1m"); err != nil {
			t.Skipf("this machine does not let the test mount: %v", err)
		}
		defer func() { _ = unix.Unmount(folder, unix.MNT_DETACH) }()
		for range 2 { // what has become free meanwhile is taken, too
			testkit.Must(t, fill(filepath.Join(folder, "fill")))
		}
		if err := os.WriteFile(filepath.Join(folder, "more"), []byte("x"), 0o600); !errors.Is(err, unix.ENOSPC) {
			t.Errorf("one more byte: %v", err)
		}
	})
}

// Goal: an image without e2fsprogs is named in one sentence, an exit code that is fine is none, and another comes with
// what the program said. Method: programs that are there and one that is not.
func TestRunTool(t *testing.T) {
	for want, err := range map[string]error{
		"the system's image has no mke2fs-nope: a system disk needs e2fsprogs in it": runTool(t.Context(), nil, "mke2fs-nope"),
		"sh ended with 4: two lines": runTool(t.Context(), []int{1}, "sh", "-c", "echo two; echo lines; exit 4"),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
	testkit.Expect(t, runTool(t.Context(), []int{1}, "sh", "-c", "exit 1"), "")
}

// Goal: what cannot befall a disk is refused. Method: a system without one, actions that are none or two, a node
// without power, a disk that is cut off already; what is undone twice or on a new disk is no error.
func TestDiskActionsRefuse(t *testing.T) {
	none, off, cut := New(Options{}), New(Options{}), New(Options{})
	off.disk, off.off = &systemDisk{}, true
	cut.disk = &systemDisk{cut: true}
	for _, test := range []struct {
		supervisor *Supervisor
		action     harness.DiskAction
		want       string
	}{
		{none, harness.DiskAction{Fill: true}, "has no disk of its own"},
		{cut, harness.DiskAction{}, "exactly one"},
		{cut, harness.DiskAction{Abort: true, Fill: true}, "exactly one"},
		{off, harness.DiskAction{Abort: true}, "lost its power"},
		{cut, harness.DiskAction{Cut: true}, "cut off already"},
	} {
		_, ready := test.supervisor.readyDisk(t.Context(), test.action)
		_, struck := test.supervisor.strikeDisk(t.Context(), test.action)
		for _, err := range []error{ready, struck} {
			testkit.Expect(t, err, test.want)
		}
	}
	cut.off = true
	if _, err := cut.boot(t.Context(), protocol.Nothing{}); err == nil || !strings.Contains(err.Error(), "does not answer") ||
		!cut.isOff() {
		t.Errorf("a disk that is cut off boots: %v", err)
	}
	_, first := none.undoDisk(t.Context(), harness.DiskAction{Fill: true})
	_, second := off.undoDisk(t.Context(), harness.DiskAction{Cut: true})
	_, mended := off.strikeDisk(t.Context(), harness.DiskAction{Mend: true})
	testkit.Expect(t, errors.Join(first, second, mended), "")
}

// Goal: a container without the disks' volume takes none, and gives back what it never had. Method: one of each.
func TestAttachWithoutVolume(t *testing.T) {
	s := New(Options{})
	if _, err := s.attachDisk(t.Context(), protocol.Disk{Name: "data", Size: 4096}); err == nil ||
		!strings.Contains(err.Error(), "cannot have disks") {
		t.Errorf("attached: %v", err)
	}
	if _, err := s.detachDisk(t.Context(), protocol.Disk{Name: "data"}); err != nil {
		t.Error(err)
	}
}

// Goal: the processes that use a device are found, by what they have mounted and what they have open. Method: a device
// that nobody can use, and this test's own descriptor of another kind.
func TestUseOfADeviceThatIsFree(t *testing.T) {
	null, err := os.Open(os.DevNull)
	testkit.Must(t, err)
	defer null.Close()
	if use := (&loop{number: 1 << 19}).use(); use != "" {
		t.Errorf("it is %s", use)
	}
	if !(&loop{number: 3}).isDevice(unix.Mkdev(7, 3)) || (&loop{number: 3}).isDevice(unix.Mkdev(8, 3)) {
		t.Error("a device is taken for another")
	}
}
