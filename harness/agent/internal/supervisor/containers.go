//go:build linux

package supervisor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// settings are those of the machine's kernel that a kubelet writes at its start, whatever they are.
// They belong to the machine that the lab runs on, and the lab must not change it.
var settings = []string{
	"/proc/sys/vm/overcommit_memory", "/proc/sys/vm/panic_on_oom",
	"/proc/sys/kernel/panic", "/proc/sys/kernel/panic_on_oops",
	"/proc/sys/kernel/keys/root_maxkeys", "/proc/sys/kernel/keys/root_maxbytes",
}

// settingsFolder is where the copies are made.
const settingsFolder = "/run/reprise-settings"

// OpenContainers makes the container a place that other containers can run in: what is mounted later
// shows in them, and the kernel settings that a kubelet insists on are copies. It needs CAP_SYS_ADMIN.
func OpenContainers() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("share mounts with containers inside (this needs the capability SYS_ADMIN): %w", err)
	}
	if err := os.MkdirAll(settingsFolder, 0o755); err != nil {
		return fmt.Errorf("copy the kernel's settings: %w", err)
	}
	if err := unix.Mount("tmpfs", settingsFolder, "tmpfs", 0, "size=64k,mode=755"); err != nil {
		return fmt.Errorf("copy the kernel's settings: %w", err)
	}
	for _, setting := range settings {
		if err := coverSetting(setting); err != nil {
			return fmt.Errorf("put a copy in front of %s: %w", setting, err)
		}
	}
	// What is mounted from it keeps it alive.
	if err := unix.Unmount(settingsFolder, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("put the copies of the kernel's settings out of reach: %w", err)
	}
	return os.Remove(settingsFolder)
}

// coverSetting mounts a copy of a setting over it. A kernel without it has nothing to cover.
func coverSetting(setting string) error {
	value, err := os.ReadFile(setting)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	replica := filepath.Join(settingsFolder, filepath.Base(setting))
	if err := os.WriteFile(replica, value, 0o644); err != nil {
		return err
	}
	return unix.Mount(replica, setting, "", unix.MS_BIND, "")
}
