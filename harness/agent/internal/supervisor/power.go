//go:build linux

package supervisor

import (
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
	wasOff := s.off
	s.off = true
	main := s.main
	s.mu.Unlock()
	if main != nil {
		select {
		case <-main.done:
		case <-ctx.Done():
			return protocol.Nothing{}, fmt.Errorf("wait for the killed main process to end: %w", ctx.Err())
		}
	}
	if wasOff {
		return protocol.Nothing{}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return protocol.Nothing{}, s.loseDisks(ctx)
}

// boot does what a machine does that is switched on: what was in memory is gone, its disk is checked, the
// main process starts.
func (s *Supervisor) boot(ctx context.Context, _ protocol.Nothing) (protocol.Nothing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.disk != nil {
		if err := s.bootDisk(ctx); err != nil {
			return protocol.Nothing{}, err
		}
	}
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

// bootDisk checks and mounts the system disk anew.
func (s *Supervisor) bootDisk(ctx context.Context) error {
	if s.disk.cut {
		// The check would take the missing part for damage, and throw the journal away for good.
		return errors.New("boot from the system disk: most of it does not answer")
	}
	if err := s.leaveDisk(ctx); err != nil {
		return err
	}
	if err := s.disk.check(ctx); err != nil {
		return err
	}
	return s.enterDisk(false)
}

// unmount takes away what the product has mounted, the last first.
func (s *Supervisor) unmount() error {
	for _, mount := range slices.Backward(mounts()) {
		if s.mounts[mount.point] {
			continue
		}
		if err := detach(mount.point); err != nil {
			return err
		}
	}
	return nil
}

// detach unmounts something even where it is in use; one that is not mounted any more is no error.
func detach(point string) error {
	if err := unix.Unmount(point, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("unmount %s: %w", point, err)
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
	device      string // number of what it is on, such as "7:0"
	readOnly    bool
}

// mounts lists what is mounted in this container, in the order it was.
func mounts() []mount { return mountsOf("self") }

// mountsOf lists what is mounted for a process; nothing for one that is gone.
func mountsOf(process string) []mount {
	content, err := os.ReadFile("/proc/" + process + "/mountinfo")
	if err != nil {
		return nil
	}
	return parseMounts(string(content))
}

// parseMounts reads a list, whose lines may be of any length: a file system of many layers names them all.
func parseMounts(list string) []mount {
	var found []mount
	for line := range strings.Lines(list) {
		if m, ok := parseMount(strings.TrimSuffix(line, "\n")); ok {
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
		point: unescape.Replace(fields[4]), kind: kind, device: fields[2],
		readOnly: slices.Contains(strings.Split(fields[5], ","), "ro"),
	}, true
}

// unescape undoes what the kernel does to characters that would break the list.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
