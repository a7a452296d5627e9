//go:build linux

package agentd

import (
	"errors"
	"io"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Stdio is the stream of a process that is attached to. Its files wait in Go's poller if they can: a
// thread that waits in the kernel would keep a processor, of which there may be one, for up to 10 ms.
func Stdio() io.ReadWriteCloser {
	return stdio{in: pollable(os.Stdin), out: pollable(os.Stdout)}
}

type stdio struct{ in, out io.ReadWriteCloser }

func (s stdio) Read(p []byte) (int, error)  { return s.in.Read(p) }
func (s stdio) Write(p []byte) (int, error) { return s.out.Write(p) }
func (s stdio) Close() error                { return errors.Join(s.in.Close(), s.out.Close()) }

// pollable makes a file wait in Go's poller, and its calls such as the runtime is not told of, see
// [monotonic.Timers]. One that cannot wait is left as it is.
func pollable(file *os.File) io.ReadWriteCloser {
	fd := int(file.Fd())
	if err := unix.SetNonblock(fd, true); err != nil {
		return file
	}
	polled := os.NewFile(uintptr(fd), file.Name())
	raw, err := polled.SyscallConn()
	if err != nil {
		return polled
	}
	if err := raw.Read(func(uintptr) bool { return true }); err != nil {
		return polled // such as a file on a disk
	}
	return &polledFile{File: polled, raw: raw}
}

// A polledFile is one whose calls never wait in the kernel.
type polledFile struct {
	*os.File
	raw syscall.RawConn
}

func (f *polledFile) Read(p []byte) (int, error) {
	n, err := f.call(f.raw.Read, unix.SYS_READ, p)
	if err == nil && n == 0 && len(p) > 0 {
		err = io.EOF
	}
	return n, err
}

func (f *polledFile) Write(p []byte) (int, error) {
	for written := 0; ; {
		n, err := f.call(f.raw.Write, unix.SYS_WRITE, p[written:])
		written += n
		if err != nil || written == len(p) {
			return written, err
		}
	}
}

// call makes one system call once the file is ready.
func (f *polledFile) call(ready func(func(uintptr) bool) error, number uintptr, p []byte) (int, error) {
	var n uintptr
	var errno syscall.Errno
	err := ready(func(fd uintptr) bool {
		n, _, errno = unix.RawSyscall(number, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		return errno != unix.EAGAIN && errno != unix.EINTR
	})
	if err == nil && errno != 0 {
		err = &os.PathError{Op: "use", Path: f.Name(), Err: errno}
	}
	if err != nil {
		return 0, err
	}
	return int(n), nil
}
