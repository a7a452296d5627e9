//go:build linux

package supervisor

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: the trial of overlays says yes to a disk that can carry one, leaves nothing mounted, and says no to one that
// cannot: a container's own root often is an overlay itself. Method: a file system in memory, then an overlay.
func TestTryOverlay(t *testing.T) {
	apart(t, unix.CLONE_NEWNS, func(t *testing.T) {
		withOwnRun(t)
		if err := tryOverlay("/run/disk"); err != nil {
			t.Skipf("this kernel has no overlays on file systems in memory: %v", err)
		}
		if kind, still := mountedAt()["/run/disk/merged"]; still {
			t.Errorf("a file system of kind %s is still mounted", kind)
		}
		overlay := filepath.Join("/run", "overlay")
		testkit.Must(t, os.Mkdir(overlay, 0o755))
		testkit.Must(t, unix.Mount("overlay", overlay, "overlay", 0,
			"lowerdir=/run/disk/lower,upperdir=/run/disk/upper,workdir=/run/disk/work"))
		if err := tryOverlay(overlay); err == nil {
			t.Error("an overlay was found fit to carry another")
		}
	})
}

// Goal: the trials of links and of the packet filter leave nothing behind where they are tried, and say no where the
// right is missing. Method: a network namespace of the test's own, with the right and without.
func TestTryNetwork(t *testing.T) {
	apart(t, unix.CLONE_NEWNET, func(t *testing.T) {
		if err := errors.Join(tryLinks(), tryFilter()); err != nil {
			t.Skipf("this kernel lacks bridge, veth or nf_tables: %v", err)
		}
		if err := errors.Join(tryLinks(), tryFilter()); err != nil {
			t.Errorf("what was left is in the way: %v", err)
		}
		links, err := netlink.LinkList()
		if err != nil || len(links) != 1 {
			t.Errorf("left behind: %d links besides lo, %v", len(links)-1, err)
		}
		without(t, unix.CAP_NET_ADMIN, func() {
			for name, try := range map[string]func() error{"links": tryLinks, "filter": tryFilter} {
				if err := try(); err == nil {
					t.Errorf("%s: it works without the right", name)
				}
			}
		})
	})
}

// Goal: an engine that ignores what it is asked for is found out: containers in the machine's cgroup namespace, and settings of
// the network that are read-only. Method: lists of cgroups as they look in both kinds of namespace, and a setting before and
// after its folder is mounted read-only.
func TestTryFindsWhatIsIgnored(t *testing.T) {
	for list, fit := range map[string]bool{
		"0::/\n": true, "12:cpu:/\n0::/\n": true, "": true,
		"0::/machine.slice/libpod-1.scope\n": false, "12:cpu:/machine.slice/libpod-1.scope\n0::/\n": false,
	} {
		path := filepath.Join(t.TempDir(), "cgroup")
		if err := os.WriteFile(path, []byte(list), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := tryCgroupNamespace(path); (err == nil) != fit {
			t.Errorf("%q: %v", list, err)
		}
	}
	apart(t, unix.CLONE_NEWNS|unix.CLONE_NEWNET, func(t *testing.T) {
		const folder, setting = "/proc/sys/net", "/proc/sys/net/ipv4/ip_forward"
		if err := trySetting(setting); err != nil {
			t.Fatalf("it cannot be written to begin with: %v", err)
		}
		if err := errors.Join(unix.Mount(folder, folder, "", unix.MS_BIND, ""),
			unix.Mount("", folder, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")); err != nil {
			t.Fatal(err)
		}
		if err := trySetting(setting); !errors.Is(err, unix.EROFS) {
			t.Errorf("it is read-only: %v", err)
		}
	})
}

// Goal: the trial names what cannot be done, in words that a person can act on, and stops there. Method: an engine
// that does not grant SYS_ADMIN, which is a process without it.
func TestTrySaysWhatIsMissing(t *testing.T) {
	apart(t, unix.CLONE_NEWNS, func(t *testing.T) {
		disk := t.TempDir()
		without(t, unix.CAP_SYS_ADMIN, func() {
			err := Try(disk)
			if err == nil || !strings.HasPrefix(err.Error(), "share mounts with containers inside") ||
				!strings.Contains(err.Error(), "SYS_ADMIN") {
				t.Errorf("it says %v", err)
			}
		})
		if left, err := os.ReadDir(disk); err != nil || len(left) > 0 {
			t.Errorf("it went on after that: %v, %v", left, err)
		}
	})
}

// without runs something on a thread that lacks a capability.
func without(t *testing.T, capability uintptr, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // it is never unlocked: the thread ends with the goroutine
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var sets [2]unix.CapUserData
		if err := unix.Capget(&header, &sets[0]); err != nil {
			t.Error(err)
			return
		}
		sets[capability/32].Effective &^= 1 << (capability % 32)
		if err := unix.Capset(&header, &sets[0]); err != nil {
			t.Error(err)
			return
		}
		do()
	}()
	<-done
}
