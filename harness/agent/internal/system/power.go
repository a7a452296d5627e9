//go:build linux

package system

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// switchOff notes that the agent has killed every process. From now on the node is a machine without power.
func (s *Supervisor) switchOff(ctx context.Context, _ protocol.Nothing) (protocol.Nothing, error) {
	s.mu.Lock()
	s.off = true
	main := s.main
	s.mu.Unlock()
	if main == nil {
		return protocol.Nothing{}, nil
	}
	select {
	case <-main.done:
		return protocol.Nothing{}, nil
	case <-ctx.Done():
		return protocol.Nothing{}, fmt.Errorf("wait for the killed main process to end: %w", ctx.Err())
	}
}

// boot does what a machine does that is switched on: what was in memory is gone, the main process starts.
func (s *Supervisor) boot(context.Context, protocol.Nothing) (protocol.Nothing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.unmount(); err != nil {
		return protocol.Nothing{}, err
	}
	if s.options.Containers {
		if err := removeCgroups(); err != nil {
			return protocol.Nothing{}, err
		}
	}
	for _, folder := range []string{"/run", "/tmp"} {
		if err := emptyMemory(folder); err != nil {
			return protocol.Nothing{}, err
		}
	}
	s.off = false
	return protocol.Nothing{}, s.startMain()
}

// unmount takes away what the product has mounted, the last first.
func (s *Supervisor) unmount() error {
	for _, mount := range slices.Backward(mounts()) {
		if s.mounts[mount.point] {
			continue
		}
		if err := unix.Unmount(mount.point, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("unmount %s: %w", mount.point, err)
		}
	}
	return nil
}

// emptyMemory removes what is in a folder that a reboot would find empty, because it is in memory.
func emptyMemory(folder string) error {
	var system unix.Statfs_t
	if err := unix.Statfs(folder, &system); err != nil {
		if errors.Is(err, unix.ENOENT) {
			return nil
		}
		return fmt.Errorf("look at %s: %w", folder, err)
	}
	if system.Type != unix.TMPFS_MAGIC {
		return nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("empty %s: %w", folder, err)
	}
	for _, entry := range entries {
		err := os.RemoveAll(filepath.Join(folder, entry.Name()))
		// What the engine has mounted below is not the product's to lose.
		if err != nil && !errors.Is(err, unix.EBUSY) && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("empty %s: %w", folder, err)
		}
	}
	return nil
}

// A mount is a mounted file system.
type mount struct {
	point, kind string
	readOnly    bool
}

// mounts lists what is mounted in this container, in the order it was.
func mounts() []mount {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	defer file.Close()
	var found []mount
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		if m, ok := parseMount(scanner.Text()); ok {
			found = append(found, m)
		}
	}
	return found
}

// parseMount reads "36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw".
func parseMount(line string) (mount, bool) {
	place, system, found := strings.Cut(line, " - ")
	fields := strings.Fields(place)
	kind, _, _ := strings.Cut(system, " ")
	if !found || len(fields) < 6 {
		return mount{}, false
	}
	return mount{
		point: unescape.Replace(fields[4]), kind: kind,
		readOnly: slices.Contains(strings.Split(fields[5], ","), "ro"),
	}, true
}

// unescape undoes what the kernel does to characters that would break the list.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
