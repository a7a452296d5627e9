//go:build linux

package supervisor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// OpenCgroups lets the product manage cgroups below its container's own, which the engine mounts
// read-only. It needs CAP_SYS_ADMIN, stays inside the container's cgroup and its mount namespace,
// and so leaves nothing behind.
func OpenCgroups() error {
	for _, mount := range mounts() {
		if !strings.HasPrefix(mount.point, "/sys/fs/cgroup") || mount.kind != "cgroup" && mount.kind != "cgroup2" {
			continue
		}
		if mount.readOnly {
			// A bind remount changes this container's view only, not the file system.
			flags := uintptr(unix.MS_REMOUNT | unix.MS_BIND | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC)
			if err := unix.Mount("", mount.point, "", flags, ""); err != nil {
				return fmt.Errorf("make %s writable (this needs the capability SYS_ADMIN and no AppArmor profile that forbids mount): %w",
					mount.point, err)
			}
		}
		if mount.kind == "cgroup2" {
			if err := delegate(ownCgroup(mount.point)); err != nil {
				return err
			}
		}
	}
	return nil
}

// ownCgroup is the folder of the container's cgroup: the top of the mount, unless the engine shows
// the machine's whole tree.
func ownCgroup(top string) string {
	content, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return top
	}
	for line := range strings.Lines(string(content)) {
		path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::")
		own := filepath.Join(top, path)
		if _, err := os.Stat(filepath.Join(own, "cgroup.procs")); ok && err == nil {
			return own
		}
	}
	return top
}

// delegate makes room for cgroups of the product: a cgroup that hands controllers down may have no
// processes of its own, so they move into a cgroup beside the product's.
func delegate(cgroup string) error {
	leaf := filepath.Join(cgroup, "init")
	if err := os.Mkdir(leaf, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make the cgroup %s: %w", leaf, err)
	}
	processes, err := os.ReadFile(filepath.Join(cgroup, "cgroup.procs"))
	if err != nil {
		return fmt.Errorf("list the processes of %s: %w", cgroup, err)
	}
	for process := range strings.FieldsSeq(string(processes)) {
		err := os.WriteFile(filepath.Join(leaf, "cgroup.procs"), []byte(process), 0o644)
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("move process %s into %s: %w", process, leaf, err)
		}
	}
	controllers, err := os.ReadFile(filepath.Join(cgroup, "cgroup.controllers"))
	if err != nil {
		return fmt.Errorf("list the controllers of %s: %w", cgroup, err)
	}
	for controller := range strings.FieldsSeq(string(controllers)) {
		err := os.WriteFile(filepath.Join(cgroup, "cgroup.subtree_control"), []byte("+"+controller), 0o644)
		if err != nil {
			return fmt.Errorf("hand the controller %s down from %s: %w", controller, cgroup, err)
		}
	}
	return nil
}

// removeCgroups takes away the cgroups that the product has made, which are in memory and outlive their
// processes. A kubelet that finds those of pods it does not run waits for over a minute before it runs any.
// One that still holds a process, such as the supervisor's own, stays. Only for a cgroup namespace of the
// container's own: elsewhere the machine's cgroups would show.
func removeCgroups() error {
	for _, mount := range mounts() {
		if mount.kind != "cgroup" && mount.kind != "cgroup2" || mount.readOnly {
			continue
		}
		top := mount.point
		if mount.kind == "cgroup2" {
			top = ownCgroup(mount.point)
		}
		if err := removeBelow(top); err != nil {
			return err
		}
	}
	return nil
}

// removeBelow removes the cgroups below a folder, the deepest first.
func removeBelow(top string) error {
	entries, err := os.ReadDir(top)
	if err != nil {
		return fmt.Errorf("list the cgroups below %s: %w", top, err)
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		below := filepath.Join(top, entry.Name())
		if err := removeBelow(below); err != nil {
			return err
		}
		if err := os.Remove(below); err != nil && !errors.Is(err, unix.EBUSY) && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove the cgroup %s: %w", below, err)
		}
	}
	return nil
}
