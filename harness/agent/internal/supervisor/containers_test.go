//go:build linux

package supervisor

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: what a kubelet writes to the kernel's settings stays in the container: the settings read as before, can be
// written, and the machine's own do not change; mounts are shared with containers inside; nothing is left
// lying about. Method: open a mount namespace of the test's own and write to one setting in it, once it is known
// to be a copy; then look at the machine's from outside.
func TestOpenContainersCopiesTheSettings(t *testing.T) {
	const written = "/proc/sys/kernel/panic"
	before := settingsNow(t)
	apart(t, unix.CLONE_NEWNS, func(t *testing.T) {
		withOwnRun(t)
		testkit.Must(t, OpenContainers())
		mounted := mountedAt()
		for setting, value := range before {
			if mounted[setting] != "tmpfs" {
				t.Fatalf("%s is still the machine's: nothing may be written to it", setting)
			}
			if now := settingsNow(t)[setting]; now != value {
				t.Errorf("the copy of %s is %q, want %q", setting, now, value)
			}
		}
		testkit.Expect(t, os.WriteFile(written, []byte("4711"), 0o644), "")
		if now := settingsNow(t)[written]; now != "4711" {
			t.Errorf("the copy of %s is %q after it was written", written, now)
		}
		if _, err := os.Stat(settingsFolder); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", settingsFolder, err)
		}
		if !sharesRoot(t) {
			t.Error("what is mounted later does not show in containers inside")
		}
	})
	for setting, value := range settingsNow(t) {
		if value != before[setting] && os.Getenv(apartVariable) == "" {
			t.Errorf("the machine's %s has become %q, it was %q", setting, value, before[setting])
		}
	}
}

// settingsNow are the values of the settings that this kernel has.
func settingsNow(t *testing.T) map[string]string {
	t.Helper()
	values := map[string]string{}
	for _, setting := range settings {
		value, err := os.ReadFile(setting)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		testkit.Must(t, err)
		values[setting] = strings.TrimSpace(string(value))
	}
	return values
}

// withOwnRun puts an empty /run in front of the machine's.
func withOwnRun(t *testing.T) {
	t.Helper()
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, ""); err != nil {
		t.Skipf("this machine does not let the test mount: %v", err)
	}
}

// sharesRoot tells whether the root is a shared mount.
func sharesRoot(t *testing.T) bool {
	t.Helper()
	content, err := os.ReadFile("/proc/self/mountinfo")
	testkit.Must(t, err)
	for line := range strings.Lines(string(content)) {
		place, _, _ := strings.Cut(line, " - ")
		if fields := strings.Fields(place); fields[4] == "/" {
			return strings.Contains(place, " shared:")
		}
	}
	return false
}

// Goal: a kernel that lacks a setting has nothing to cover, and that is no error. Method: a path that is no setting.
func TestCoverSettingThatIsNotThere(t *testing.T) {
	testkit.Expect(t, coverSetting("/proc/sys/no/such/setting"), "")
}
