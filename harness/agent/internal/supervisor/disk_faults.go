//go:build linux

package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// kept is the part of a disk that goes on answering after a cut: one in so many bytes, from the beginning.
// The journal of an ext4 file system is behind it, so that nothing can be written for good.
const kept = 4

// readyDisk says whether the action could be carried out now.
func (s *Supervisor) readyDisk(_ context.Context, action harness.DiskAction) (protocol.Nothing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return protocol.Nothing{}, s.canStrike(action)
}

func (s *Supervisor) canStrike(action harness.DiskAction) error {
	set := 0
	for _, field := range []bool{action.Abort, action.Fill, action.Cut, action.Mend} {
		if field {
			set++
		}
	}
	switch {
	case set != 1:
		return errors.New("exactly one of its fields must be set")
	case s.disk == nil:
		return errors.New("the system has no disk of its own: its root is the container engine's")
	case s.off && !action.Cut && !action.Mend:
		return errOff
	case action.Cut && s.disk.cut:
		return errors.New("it is cut off already")
	}
	return nil
}

// strikeDisk carries the action out.
func (s *Supervisor) strikeDisk(_ context.Context, action harness.DiskAction) (protocol.Nothing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.canStrike(action); err != nil {
		return protocol.Nothing{}, err
	}
	var err error
	switch {
	case action.Abort:
		err = abort()
	case action.Fill:
		err = fill(harness.FillFile)
	case action.Cut:
		err = s.disk.loop.limit(s.disk.size / kept)
		s.disk.cut = err == nil
	case action.Mend:
		err = s.mend()
	}
	return protocol.Nothing{}, err
}

// undoDisk takes back what can be: a full disk is emptied, one that was cut answers again. It does nothing on a
// disk that has been made anew since.
func (s *Supervisor) undoDisk(_ context.Context, action harness.DiskAction) (protocol.Nothing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.disk == nil:
		return protocol.Nothing{}, nil
	case action.Cut:
		return protocol.Nothing{}, s.mend()
	case action.Fill && s.off:
		return protocol.Nothing{}, errOff
	case action.Fill:
		if err := os.Remove(harness.FillFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return protocol.Nothing{}, err
		}
	}
	return protocol.Nothing{}, nil
}

func (s *Supervisor) mend() error {
	if !s.disk.cut {
		return nil
	}
	if err := s.disk.loop.limit(0); err != nil {
		return err
	}
	s.disk.cut = false
	return nil
}

// abort has the kernel give up the root's file system the way it does after an error it has found itself: the
// journal ends, and what comes after an error is done, which is to allow no writing any more. Files that are
// open for writing do not keep it from that, as they would keep an ordinary change to read-only.
func abort() error {
	var now unix.Statfs_t
	if err := unix.Statfs("/", &now); err != nil {
		return fmt.Errorf("look at the root: %w", err)
	}
	// The flags of the mount are given again: those left out would be taken back.
	flags := uintptr(now.Flags) & (unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME | unix.MS_NODIRATIME)
	if err := unix.Mount("", "/", "", unix.MS_REMOUNT|flags, "abort"); err != nil {
		return fmt.Errorf("abort the root's file system: %w", err)
	}
	return nil
}

// fill has one file take all the blocks that are free, also those that are reserved for root.
func fill(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	var state unix.Statfs_t
	if err := unix.Fstatfs(int(file.Fd()), &state); err != nil {
		return fmt.Errorf("look for free blocks: %w", err)
	}
	end, err := file.Seek(0, 2)
	if err != nil {
		return err
	}
	block := max(state.Bsize, 1)
	// Where free blocks are not in one piece, or are held back, what remains is taken in smaller and smaller pieces.
	for piece := int64(state.Bfree) * block; piece >= block; {
		switch err := unix.Fallocate(int(file.Fd()), 0, end, piece); {
		case err == nil:
			end += piece
		case errors.Is(err, unix.ENOSPC):
			piece = piece / 2 / block * block
		case !errors.Is(err, unix.EINTR):
			return fmt.Errorf("take %d bytes: %w", piece, err)
		}
	}
	return nil
}
