//go:build linux

package outages

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// silence has the kernel drop everything that arrives at a socket, or ends that. On a listening socket
// that is the whole handshake, while connections that were accepted before go on. It takes effect within
// the system call and needs no privilege.
func silence(socket syscall.Conn, silent bool) error {
	raw, err := socket.SyscallConn()
	if err != nil {
		return fmt.Errorf("reach the socket: %w", err)
	}
	var refusal error
	err = raw.Control(func(descriptor uintptr) {
		if !silent {
			refusal = unix.SetsockoptInt(int(descriptor), unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
			return
		}
		nothing := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
		refusal = unix.SetsockoptSockFprog(int(descriptor), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
			&unix.SockFprog{Len: 1, Filter: &nothing[0]})
	})
	if err == nil {
		err = refusal
	}
	if err != nil {
		return fmt.Errorf("filter what arrives: %w", err)
	}
	return nil
}
