//go:build linux

package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const (
	loopMajor   = 7 // of block devices, see devices.txt of the kernel
	loopControl = "/dev/loop-control"
	// loopRaces is how often another node may get the free device that this one was told of.
	loopRaces = 100
	// settleLimit is how long something in the kernel may take that follows the end of a process.
	settleLimit = 5 * time.Second
	settleEvery = 10 * time.Millisecond
)

// A loop is a block device whose content is in a file. It is there for as long as this process keeps it
// open, or has it mounted; the kernel takes it away with the container, whatever became of the rest.
type loop struct {
	device *os.File
	number int
}

// newLoop makes the content of a file a block device. It needs CAP_MKNOD and the right to use
// /dev/loop-control and all loop devices.
func newLoop(backing *os.File) (*loop, error) {
	control, err := os.OpenFile(loopControl, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("make a loop device: %w", err)
	}
	defer control.Close()
	for range loopRaces {
		number, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, fmt.Errorf("find a free loop device: %w", err)
		}
		made, err := configureLoop(number, backing)
		if !errors.Is(err, unix.EBUSY) {
			return made, err
		}
	}
	return nil, fmt.Errorf("make a loop device: another got the free one %d times", loopRaces)
}

func configureLoop(number int, backing *os.File) (*loop, error) {
	l := &loop{number: number}
	err := unix.Mknod(l.path(), unix.S_IFBLK|0o600, int(unix.Mkdev(loopMajor, uint32(number))))
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, fmt.Errorf("make %s: %w", l.path(), err)
	}
	if l.device, err = os.OpenFile(l.path(), os.O_RDWR, 0); err != nil {
		return nil, fmt.Errorf("make a loop device: %w", err)
	}
	config := &unix.LoopConfig{Fd: uint32(backing.Fd())}
	config.Info.Flags = unix.LO_FLAGS_AUTOCLEAR
	copy(config.Info.File_name[:len(config.Info.File_name)-1], filepath.Base(backing.Name()))
	if err := unix.IoctlLoopConfigure(int(l.device.Fd()), config); err != nil {
		return nil, errors.Join(fmt.Errorf("give %s its content: %w", l.path(), err), l.device.Close())
	}
	return l, nil
}

func (l *loop) path() string { return "/dev/loop" + strconv.Itoa(l.number) }

// isDevice tells whether a device number, as a file or a mount has it, is this one's.
func (l *loop) isDevice(number uint64) bool {
	return unix.Major(number) == loopMajor && unix.Minor(number) == uint32(l.number)
}

// free gives the device back. It is nobody else's until then.
func (l *loop) free() error {
	return errors.Join(l.device.Close(), os.Remove(l.path()))
}

// limit makes the device end after so many bytes, also for who has it mounted; 0: at the end of its
// content. What was to be written beyond is lost, what is beyond is not.
func (l *loop) limit(bytes int64) error {
	status, err := unix.IoctlLoopGetStatus64(int(l.device.Fd()))
	if err != nil {
		return fmt.Errorf("look at %s: %w", l.path(), err)
	}
	status.Sizelimit = uint64(bytes)
	if err := unix.IoctlLoopSetStatus64(int(l.device.Fd()), status); err != nil {
		return fmt.Errorf("make %s end after %d bytes: %w", l.path(), bytes, err)
	}
	return nil
}

// awaitUnused returns when no file system and nothing else of the kernel's is on the device any more,
// in whatever namespace.
func (l *loop) awaitUnused(ctx context.Context) error {
	return settle(ctx, func() error {
		alone, err := os.OpenFile(l.path(), os.O_RDONLY|unix.O_EXCL, 0)
		if err != nil {
			return err
		}
		return alone.Close()
	})
}

// settle tries something again for as long as the kernel says that it is busy.
func settle(ctx context.Context, try func() error) error {
	limited, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	ticker := time.NewTicker(settleEvery)
	defer ticker.Stop()
	for {
		err := try()
		if !errors.Is(err, unix.EBUSY) {
			return err
		}
		select {
		case <-ticker.C:
		case <-limited.Done():
			return err
		}
	}
}
