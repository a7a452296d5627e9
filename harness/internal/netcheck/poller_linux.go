package netcheck

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// A poller waits for the sockets of all checks of this process. Go's own would do, but only by
// way of calls that wake the runtime's supervisor thread each time, which costs as much as a check.
type poller struct {
	fd int

	mu      sync.Mutex
	waiting map[int32]chan struct{} // by socket
}

// pollerOf is the process's poller. It is made once and stays.
var pollerOf = sync.OnceValues(newPoller)

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a poller: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, errors.Join(fmt.Errorf("make a poller: %w", err), unix.Close(fd))
	}
	file := os.NewFile(uintptr(fd), "poller") // Go's poller waits for this one
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a poller: %w", err), file.Close())
	}
	p := &poller{fd: fd, waiting: map[int32]chan struct{}{}}
	go func() {
		defer file.Close()
		_ = raw.Read(p.deliver) // it never ends
	}()
	return p, nil
}

// deliver tells those who wait for the sockets that are ready. It never has enough.
func (p *poller) deliver(uintptr) bool {
	var events [64]unix.EpollEvent
	for {
		n, err := epollWait(p.fd, events[:])
		if err != nil && !errors.Is(err, unix.EINTR) {
			return false
		}
		p.mu.Lock()
		for _, event := range events[:max(n, 0)] {
			// A socket that was closed meanwhile has nobody waiting; one that took its number looks in vain.
			if ready := p.waiting[event.Fd]; ready != nil {
				ready <- struct{}{}
				delete(p.waiting, event.Fd)
			}
		}
		p.mu.Unlock()
		if n < len(events) && err == nil {
			return false
		}
	}
}

// wait returns when one of the events has come for the socket, or something that looks like it, or
// the context has ended. First says that the socket was not waited for before.
func (p *poller) wait(ctx context.Context, fd int, first bool, events uint32) error {
	ready := make(chan struct{}, 1)
	p.mu.Lock()
	p.waiting[int32(fd)] = ready
	p.mu.Unlock()
	operation := unix.EPOLL_CTL_MOD
	if first {
		operation = unix.EPOLL_CTL_ADD
	}
	if err := epollControl(p.fd, operation, fd, events|unix.EPOLLONESHOT); err != nil {
		p.forget(fd)
		return os.NewSyscallError("epoll_ctl", err)
	}
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		p.forget(fd)
		return ctx.Err()
	}
}

func (p *poller) forget(fd int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, int32(fd))
}
