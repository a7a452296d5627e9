//go:build linux

package node

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// Reap collects what orphans leave behind, as the first process of a namespace must. It would steal
// the children of a process that has some: the agent never does.
func Reap(ctx context.Context) {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, unix.SIGCHLD)
	defer signal.Stop(ended)
	for {
		for {
			pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
			if err != nil && !errors.Is(err, unix.EINTR) || err == nil && pid <= 0 {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ended:
		}
	}
}

// Stdio is the stream of a process that is attached to. Its files wait in Go's poller if they can: a
// thread that waits in the kernel would keep a processor, of which there may be one, for up to 10 ms.
func Stdio() io.ReadWriteCloser { return stdio{in: pollable(os.Stdin), out: pollable(os.Stdout)} }

func pollable(file *os.File) *os.File {
	fd := int(file.Fd())
	if err := unix.SetNonblock(fd, true); err != nil {
		return file
	}
	return os.NewFile(uintptr(fd), file.Name())
}

type stdio struct{ in, out *os.File }

func (s stdio) Read(p []byte) (int, error)  { return s.in.Read(p) }
func (s stdio) Write(p []byte) (int, error) { return s.out.Write(p) }
func (s stdio) Close() error                { return errors.Join(s.in.Close(), s.out.Close()) }
