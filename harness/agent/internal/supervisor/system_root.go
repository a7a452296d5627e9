//go:build linux

package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// enterDisk makes the disk the root, and remembers what is mounted then as the container's own.
func (s *Supervisor) enterDisk(readOnly bool) error {
	s.root.Lock()
	defer s.root.Unlock()
	if err := s.disk.enter(readOnly); err != nil {
		return fmt.Errorf("make the system disk the root: %w", err)
	}
	s.rememberMounts()
	return nil
}

// enter mounts the disk's file system and makes it the root.
func (d *systemDisk) enter(readOnly bool) error {
	var flags uintptr
	if readOnly {
		flags = unix.MS_RDONLY
	}
	root := d.place("root")
	if err := unix.Mount(d.loop.path(), root, "ext4", flags, mountOptions); err != nil {
		return fmt.Errorf("mount %s: %w", d.loop.path(), err)
	}
	if err := d.goInto(root); err != nil {
		return errors.Join(err, unix.Unmount(root, unix.MNT_DETACH))
	}
	return nil
}

// goInto makes a mounted file system the root, with everything in it that is mounted in the container's. The
// system call that is meant for this is closed to containers: the file system is moved on top of the root
// instead, as an initial ramdisk does. Who enters the container finds it there too.
func (d *systemDisk) goInto(root string) error {
	if err := d.mountInto(root); err != nil {
		return err
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("move the root: %w", err)
	}
	if err := unix.Chroot("."); err != nil {
		return fmt.Errorf("change the root: %w", err)
	}
	d.inside = true
	if err := os.Chdir(d.folder); err != nil {
		return os.Chdir("/") // the system has removed it
	}
	return nil
}

// mountInto shows below root what is mounted in the container: /proc, the devices, the engine's files, the
// volumes. The folders of the disks are left out.
func (d *systemDisk) mountInto(root string) error {
	hidden := []string{d.home, protocol.DisksFolder}
	done := append([]string{}, hidden...)
	for _, mount := range mounts() {
		if mount.point == "/" || covered(mount.point, done) {
			continue
		}
		done = append(done, mount.point)
		target := filepath.Join(root, mount.point)
		if err := makeLike(mount.point, target); err != nil {
			return err
		}
		if err := unix.Mount(mount.point, target, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("show %s on the system disk: %w", mount.point, err)
		}
	}
	for _, folder := range hidden {
		// The copy of the root has them, empty. One that is not is somebody else's.
		_ = os.Remove(filepath.Join(root, folder))
	}
	return nil
}

// covered tells whether a path is one of those, or below one of them.
func covered(path string, those []string) bool {
	for _, other := range those {
		if path == other || strings.HasPrefix(path, other+"/") {
			return true
		}
	}
	return false
}

// makeLike makes the place that something can be mounted at: a folder, or a file.
func makeLike(original, target string) error {
	if _, err := os.Lstat(target); err == nil {
		return nil
	}
	kind, err := os.Stat(original)
	if err != nil {
		return err
	}
	if kind.IsDir() {
		return os.MkdirAll(target, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(target, nil, 0o644)
}

// leaveDisk goes back to the container's own root and unmounts the disk.
func (s *Supervisor) leaveDisk(ctx context.Context) error {
	s.root.Lock()
	defer s.root.Unlock()
	if err := s.disk.leave(ctx); err != nil {
		return fmt.Errorf("take the system disk down: %w", err)
	}
	return nil
}

// leave takes down what is mounted in the disk's file system, the last first, and then that itself. It is
// moved to where it can be told from the root below: unmounting that would be the end of the container.
func (d *systemDisk) leave(ctx context.Context) error {
	root := d.place("root")
	if d.inside {
		all := mounts()
		below := "/proc/self/fd/" + strconv.Itoa(int(d.beneath.Fd()))
		if err := unix.Mount("/", below+root, "", unix.MS_MOVE, ""); err != nil {
			return fmt.Errorf("move it off the root: %w", err)
		}
		for _, mount := range slices.Backward(all) {
			if mount.point == "/" {
				continue
			}
			if err := detach(mount.point); err != nil {
				return err
			}
		}
		if err := errors.Join(d.beneath.Chdir(), unix.Chroot("."), os.Chdir("/")); err != nil {
			return fmt.Errorf("go back to the container's root: %w", err)
		}
		d.inside = false
	}
	// A process that was killed may still be about to end.
	err := settle(ctx, func() error { return unix.Unmount(root, unix.UMOUNT_NOFOLLOW) })
	if err != nil && !errors.Is(err, unix.EINVAL) { // which says that nothing is mounted there
		return fmt.Errorf("unmount %s: %w", d.loop.path(), err)
	}
	return nil
}
