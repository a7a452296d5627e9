package netcheck

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// listenWithoutQueue listens and never accepts, with the shortest queue there is.
func listenWithoutQueue(t *testing.T) netip.AddrPort {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	testkit.Must(t, err)
	t.Cleanup(func() { _ = unix.Close(fd) })
	testkit.Must(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	testkit.Must(t, unix.Listen(fd, 0))
	address, err := unix.Getsockname(fd)
	testkit.Must(t, err)
	at, ok := address.(*unix.SockaddrInet4)
	if !ok {
		t.Fatalf("it listens at %v", address)
	}
	return netip.AddrPortFrom(netip.AddrFrom4(at.Addr), uint16(at.Port))
}
