package protocol

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// PeerProcess asks the kernel for the process at the other end of a connection over a unix socket, as who connected or listened:
// nobody can pretend to be it. One that is in another process namespace, without a number here, is an error.
func PeerProcess(connection net.Conn) (int, error) {
	socket, ok := connection.(*net.UnixConn)
	if !ok {
		return 0, errors.New("the connection is no unix socket")
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0, err
	}
	var peer *unix.Ucred
	controlErr := raw.Control(func(descriptor uintptr) {
		peer, err = unix.GetsockoptUcred(int(descriptor), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(controlErr, err); err != nil {
		return 0, fmt.Errorf("look at the other end: %w", err)
	}
	if peer.Pid == 0 {
		return 0, errors.New("it is in another process namespace")
	}
	return int(peer.Pid), nil
}
