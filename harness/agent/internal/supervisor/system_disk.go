//go:build linux

package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	err := runTool(ctx, nil, "mke2fs", "-q", "-F", "-t", "ext4", "-e", "remount-ro", "-E",
		"lazy_itable_init=0,lazy_journal_init=0", "-d", through, image)
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
