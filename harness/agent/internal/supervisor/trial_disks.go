//go:build linux

package supervisor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// trialDisk is the size of the disk that is tried, in bytes.
const trialDisk = 1 << 20

// TryDisks tries in this container what a system with disks will do in its: a loop device whose content is in a
// folder on a volume, an ext4 file system, another root. The error is the first thing that cannot be done.
func TryDisks(folder string) error {
	image, err := os.Create(filepath.Join(folder, "disk"))
	if err != nil {
		return err
	}
	defer image.Close()
	if err := image.Truncate(trialDisk); err != nil {
		return err
	}
	made, err := newLoop(image)
	if err != nil {
		return err
	}
	for _, attempt := range []struct {
		what string
		do   func() error
	}{
		{"write to a loop device", func() error { return tryWrite(made) }},
		{"make a loop device smaller", func() error { return errors.Join(made.limit(trialDisk/kept), made.limit(0)) }},
		{"mount ext4 (the kernel's file system)", func() error { return tryExt4(made, folder) }},
		{"change the root", func() error { return tryRoot(filepath.Join(folder, "root")) }},
	} {
		if err := attempt.do(); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", attempt.what, err), made.free())
		}
	}
	return made.free()
}

func tryWrite(made *loop) error {
	if _, err := made.device.WriteAt(make([]byte, 4096), 0); err != nil {
		return err
	}
	return made.device.Sync()
}

// tryExt4 mounts a disk without a file system: a kernel that knows ext4, and lets this container use it, says that
// there is none.
func tryExt4(made *loop, folder string) error {
	err := unix.Mount(made.path(), folder, "ext4", 0, mountOptions)
	if errors.Is(err, unix.EINVAL) {
		return nil
	}
	return errors.Join(err, unix.Unmount(folder, unix.MNT_DETACH))
}

// tryRoot goes into another root and comes back.
func tryRoot(root string) error {
	beneath, err := os.Open("/")
	if err != nil {
		return err
	}
	defer beneath.Close()
	err = errors.Join(
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""), os.MkdirAll(root, 0o755), unix.Mount("tmpfs", root, "tmpfs", 0, ""),
		os.Chdir(root), unix.Mount(".", "/", "", unix.MS_MOVE, ""), unix.Chroot("."),
	)
	return errors.Join(err, beneath.Chdir(), unix.Chroot("."), os.Chdir("/"))
}
