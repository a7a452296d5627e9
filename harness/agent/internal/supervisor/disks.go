//go:build linux

package supervisor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// attachDisk makes a disk show, whether or not the node has power.
func (s *Supervisor) attachDisk(_ context.Context, disk protocol.Disk) (protocol.Nothing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.disks[disk.Name] != nil:
		return protocol.Nothing{}, nil
	case s.images == nil:
		return protocol.Nothing{}, fmt.Errorf("the container has no volume at %s: its system cannot have disks", protocol.DisksFolder)
	}
	made, err := s.plug(disk)
	if err != nil {
		return protocol.Nothing{}, err
	}
	s.disks[disk.Name] = made
	return protocol.Nothing{}, nil
}

func (s *Supervisor) plug(disk protocol.Disk) (*loop, error) {
	image, err := s.images.OpenFile(disk.Name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer image.Close()
	state, err := image.Stat()
	if err != nil {
		return nil, err
	}
	if state.Size() == 0 {
		if err := image.Truncate(disk.Size); err != nil {
			return nil, err
		}
	}
	made, err := newLoop(image)
	if err != nil {
		return nil, err
	}
	link := deviceLink(disk.Name)
	err = os.MkdirAll(filepath.Dir(link), 0o755)
	if err == nil {
		err = os.Symlink(made.path(), link)
	}
	if err != nil {
		return nil, errors.Join(err, made.free())
	}
	return made, nil
}

func deviceLink(disk string) string { return harness.Disk{Name: disk}.Path() }

// detachDisk takes a disk away. A node without power uses none; one with power has to stop using it first.
func (s *Supervisor) detachDisk(ctx context.Context, disk protocol.Disk) (protocol.Nothing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	attached := s.disks[disk.Name]
	if attached == nil {
		return protocol.Nothing{}, nil
	}
	if !s.off {
		if use := attached.use(); use != "" {
			return protocol.Nothing{}, fmt.Errorf("it is still %s", use)
		}
	}
	if err := attached.awaitUnused(ctx); err != nil {
		return protocol.Nothing{}, fmt.Errorf("it is still in use, by the kernel: %w", err)
	}
	if err := os.Remove(deviceLink(disk.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return protocol.Nothing{}, err
	}
	delete(s.disks, disk.Name)
	return protocol.Nothing{}, attached.free()
}

// use says what the node's processes use the device for; "" when for nothing.
func (l *loop) use() string {
	device := fmt.Sprintf("%d:%d", loopMajor, l.number)
	var openers []string
	for _, process := range processes() {
		for _, mount := range mountsOf(process) {
			if mount.device == device {
				return "mounted at " + mount.point
			}
		}
		if process != strconv.Itoa(os.Getpid()) && l.isOpenIn(process) {
			name, _ := os.ReadFile(filepath.Join("/proc", process, "comm"))
			openers = append(openers, fmt.Sprintf("%s (%s)", bytes.TrimSpace(name), process))
		}
	}
	if len(openers) == 0 {
		return ""
	}
	return "open in " + strings.Join(openers, ", ")
}

// isOpenIn tells whether a process has the device open. One that may not be looked into counts as one that
// has not.
func (l *loop) isOpenIn(process string) bool {
	folder := filepath.Join("/proc", process, "fd")
	descriptors, _ := os.ReadDir(folder)
	return slices.ContainsFunc(descriptors, func(descriptor fs.DirEntry) bool {
		state, err := os.Stat(filepath.Join(folder, descriptor.Name()))
		if err != nil || state.Mode()&fs.ModeDevice == 0 {
			return false
		}
		raw, ok := state.Sys().(*syscall.Stat_t)
		return ok && raw.Mode&unix.S_IFMT == unix.S_IFBLK && l.isDevice(raw.Rdev)
	})
}

// processes are the numbers of the node's processes.
func processes() []string {
	entries, _ := os.ReadDir("/proc")
	var found []string
	for _, entry := range entries {
		if _, err := strconv.Atoi(entry.Name()); err == nil {
			found = append(found, entry.Name())
		}
	}
	return found
}

// loseDisks does to the file systems on the node's disks what the loss of power does: what has not been
// written to them is gone. The system disk is then mounted again for looking at, as it is found.
func (s *Supervisor) loseDisks(ctx context.Context) error {
	own := s.ownDevices()
	for _, mount := range slices.Backward(mounts()) {
		if !slices.Contains(own, mount.device) {
			continue
		}
		if err := crash(mount.point); err != nil {
			return err
		}
		if mount.point != "/" {
			if err := detach(mount.point); err != nil {
				return err
			}
		}
	}
	if s.disk == nil {
		return nil
	}
	if err := s.leaveDisk(ctx); err != nil {
		return err
	}
	if err := s.enterDisk(true); err != nil {
		// A disk that does not answer is no reason for the power to stay.
		s.options.Log.Printf("look at the disk of a node without power: %v", err)
	}
	return nil
}

// ownDevices are the numbers of the node's disks.
func (s *Supervisor) ownDevices() []string {
	var own []string
	for _, attached := range s.disks {
		own = append(own, fmt.Sprintf("%d:%d", loopMajor, attached.number))
	}
	if s.disk != nil {
		own = append(own, fmt.Sprintf("%d:%d", loopMajor, s.disk.loop.number))
	}
	return own
}

// What ext4, and XFS and F2FS after it, have to make a file system forget what it has not written: see
// ext4_ioctl_shutdown of the kernel.
const (
	shutdownRequest = 0x8004587d
	withoutJournal  = 2 // not even what the journal still had in memory
)

// crash makes a file system stop where it is. One of a kind that cannot is written back instead, when it is unmounted.
func crash(point string) error {
	folder, err := os.Open(point)
	if errors.Is(err, unix.EIO) || errors.Is(err, fs.ErrNotExist) {
		return nil // it has stopped already, or something else is mounted above it
	}
	if err != nil {
		return fmt.Errorf("stop the file system at %s: %w", point, err)
	}
	defer folder.Close()
	err = unix.IoctlSetPointerInt(int(folder.Fd()), shutdownRequest, withoutJournal)
	if err != nil && !errors.Is(err, unix.ENOTTY) && !errors.Is(err, unix.EIO) {
		return fmt.Errorf("stop the file system at %s: %w", point, err)
	}
	return nil
}
