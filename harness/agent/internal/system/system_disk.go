//go:build linux

package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// mountOptions are those of the system disk: what a distribution's installer writes into fstab.
const mountOptions = "errors=remount-ro"

// A systemDisk is a disk of the node's own whose file system is the system's root. The container's own
// root stays below it, out of the system's sight: what the engine put into the container is still there
// when the disk has to be checked, as a machine's rescue system is.
type systemDisk struct {
	home    string // a folder on a volume, in the container's own root, for what the disk needs
	size    int64
	loop    *loop
	beneath *os.File // the container's own root
	folder  string   // where the engine has started this process
	inside  bool     // the disk's file system is this process's root
	cut     bool     // most of the disk does not answer
}

// errOutside is what reading meets while the disk is not the root.
var errOutside = errors.New("read the system disk: it could not be mounted when the power went")

// place is where a file or folder of the disk is kept in the container's own root.
func (d *systemDisk) place(name string) string { return filepath.Join(d.home, name) }

// installDisk puts the system on a disk of its own.
func (s *Supervisor) installDisk(ctx context.Context, wanted protocol.SystemDisk) (protocol.Nothing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.disk != nil || s.main != nil {
		return protocol.Nothing{}, errors.New("the system has been installed already")
	}
	disk, err := makeSystemDisk(ctx, wanted.Size)
	if err != nil {
		return protocol.Nothing{}, err
	}
	s.disk = disk
	return protocol.Nothing{}, s.enterDisk(false)
}

// makeSystemDisk makes the disk and copies the container's root onto it.
func makeSystemDisk(ctx context.Context, size int64) (*systemDisk, error) {
	// What is mounted from now on is this container's business, and a shared mount cannot be moved.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return nil, fmt.Errorf("keep mounts to the container (this needs the capability SYS_ADMIN): %w", err)
	}
	beneath, err := os.Open("/")
	if err != nil {
		return nil, err
	}
	folder, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	d := &systemDisk{home: protocol.SystemDiskFolder, size: size, beneath: beneath, folder: folder}
	for _, folder := range []string{d.place("root"), d.place("copied")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, err
		}
	}
	image, err := os.OpenFile(d.place("image"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	defer image.Close()
	if err := errors.Join(image.Truncate(size), copyRoot(ctx, image.Name(), d.place("copied"))); err != nil {
		return nil, err
	}
	d.loop, err = newLoop(image)
	return d, err
}

// copyRoot makes a file system in an image, with what is in the container's root and not with what is
// mounted there.
func copyRoot(ctx context.Context, image, through string) error {
	if err := unix.Mount("/", through, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("look below what is mounted: %w", err)
	}
	// All is written at once: the kernel would else go on for minutes, in the middle of a drill.
	err := runTool(ctx, nil, "mke2fs", "-q", "-F", "-t", "ext4", "-e", "remount-ro", "-E", "lazy_itable_init=0,lazy_journal_init=0", "-d", through, image)
	return errors.Join(err, unix.Unmount(through, unix.MNT_DETACH))
}

// runTool runs a program of e2fsprogs. Exit codes that are fine are 0 and the given ones.
func runTool(ctx context.Context, fine []int, name string, arguments ...string) error {
	program, err := findTool(name)
	if err != nil {
		return err
	}
	output, err := exec.CommandContext(ctx, program, arguments...).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && slices.Contains(fine, exit.ExitCode()):
		return nil
	case errors.As(err, &exit):
		return fmt.Errorf("%s ended with %d: %s", name, exit.ExitCode(), strings.Join(strings.Fields(string(output)), " "))
	case err != nil:
		return fmt.Errorf("run %s: %w", name, err)
	}
	return nil
}

// findTool looks where a user's PATH may not lead as well.
func findTool(name string) (string, error) {
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/sbin/" + name} {
		if program, err := exec.LookPath(candidate); err == nil {
			return program, nil
		}
	}
	return "", fmt.Errorf("the system's image has no %s: a system disk needs e2fsprogs in it", name)
}

// The exit codes of e2fsck with which a disk can be mounted: errors were corrected, and those after which
// a machine should be rebooted, which is what it is in the middle of.
var corrected = []int{1, 2, 3}

// check repairs the disk's file system, answering every question with yes.
func (d *systemDisk) check(ctx context.Context) error {
	if err := runTool(ctx, corrected, "e2fsck", "-fy", d.loop.path()); err != nil {
		return fmt.Errorf("check the system disk: %w", err)
	}
	return nil
}

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
	if err := d.furnish(root); err != nil {
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

// furnish shows below root what is mounted in the container: /proc, the devices, the engine's files, the
// volumes. The folders of the disks are left out.
func (d *systemDisk) furnish(root string) error {
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
