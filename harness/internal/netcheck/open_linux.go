package netcheck

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// socket is a connection with as few system calls as there can be, because they are most of what a
// check costs. Within one machine a connection is there before the call that asks for it returns,
// so that it is hardly ever waited for.
type socket struct {
	ctx    context.Context //nolint:containedctx // a connection lives as long as one check is asked
	poller *poller
	fd     int
	waited bool
}

// openOwn opens a connection on this machine's network.
func openOwn(ctx context.Context, network string, to netip.AddrPort) (io.ReadWriteCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	poller, err := pollerOf()
	if err != nil {
		return nil, err
	}
	address, err := newSocketAddress(to)
	if err != nil {
		return nil, err
	}
	kind := unix.SOCK_STREAM
	if network == "udp" {
		kind = unix.SOCK_DGRAM
	}
	fd, err := openSocket(int(address.raw.Family), kind)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if kind == unix.SOCK_STREAM {
		joinAcknowledgement(fd)
	}
	s := &socket{ctx: ctx, poller: poller, fd: fd}
	if err := s.connect(address); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// connect asks the kernel again how the connection is doing, until it is there or will not be.
func (s *socket) connect(address *socketAddress) error {
	err := connectSocket(s.fd, address)
	if pending(err) {
		err = connectSocket(s.fd, address)
	}
	for pending(err) {
		if err := s.wait(unix.EPOLLOUT); err != nil {
			return err
		}
		err = connectSocket(s.fd, address)
	}
	if errors.Is(err, unix.EISCONN) {
		return nil
	}
	return os.NewSyscallError("connect", err)
}

func pending(err error) bool {
	return errors.Is(err, unix.EINPROGRESS) || errors.Is(err, unix.EALREADY) || errors.Is(err, unix.EINTR)
}

// Write waits only when the kernel's buffer is full.
func (s *socket) Write(p []byte) (int, error) {
	written := 0
	for {
		n, err := send(s.fd, p[written:])
		written += n
		switch {
		case errors.Is(err, unix.EAGAIN):
			if err := s.wait(unix.EPOLLOUT); err != nil {
				return written, err
			}
		case errors.Is(err, unix.EINTR):
		case err != nil || written == len(p):
			return written, os.NewSyscallError("send", err)
		}
	}
}

// Read lets the other checks of the same moment be asked first: the answer is often there afterwards, and need not be
// waited for.
func (s *socket) Read(p []byte) (int, error) {
	if !s.waited {
		runtime.Gosched()
	}
	for wait := false; ; wait = true {
		if wait {
			if err := s.wait(unix.EPOLLIN | unix.EPOLLRDHUP); err != nil {
				return 0, err
			}
		}
		n, err := receive(s.fd, p)
		switch {
		case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
		case err != nil:
			return 0, os.NewSyscallError("recv", err)
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (s *socket) wait(events uint32) error {
	first := !s.waited
	s.waited = true
	return s.poller.wait(s.ctx, s.fd, first, events)
}

// Close closes the connection in the ordinary way.
func (s *socket) Close() error { return os.NewSyscallError("close", closeSocket(s.fd)) }
