package netcheck

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls below return at once, so the runtime need not know of them: telling it would wake its
// supervisor thread each time ("raw" system calls; package unix has them for numbers only).

func openSocket(domain, kind int) (int, error) {
	fd, _, errno := unix.RawSyscall(unix.SYS_SOCKET, uintptr(domain), uintptr(kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC), 0)
	return int(fd), result(errno)
}

func connectSocket(fd int, to *socketAddress) error {
	_, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&to.raw)), to.length)
	return result(errno)
}

// joinAcknowledgement has the packet that ends the handshake wait for the one that follows: the request, or the
// end of the connection. Of the packets of one check that is one in seven. A kernel that refuses sends both.
func joinAcknowledgement(fd int) {
	off := int32(0)
	_, _, _ = unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, uintptr(unsafe.Pointer(&off)),
		unsafe.Sizeof(off), 0)
}

func send(fd int, p []byte) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
		unix.MSG_NOSIGNAL, 0, 0)
	return count(n, errno)
}

func receive(fd int, p []byte) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
		0, 0, 0)
	return count(n, errno)
}

func closeSocket(fd int) error {
	_, _, errno := unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	return result(errno)
}

func epollWait(fd int, events []unix.EpollEvent) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(events))),
		uintptr(len(events)), 0, 0, 0)
	return count(n, errno)
}

func epollControl(poller, operation, fd int, events uint32) error {
	event := unix.EpollEvent{Events: events, Fd: int32(fd)}
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(poller), uintptr(operation), uintptr(fd),
		uintptr(unsafe.Pointer(&event)), 0, 0)
	return result(errno)
}

func result(errno unix.Errno) error {
	if errno != 0 {
		return errno
	}
	return nil
}

func count(n uintptr, errno unix.Errno) (int, error) {
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// socketAddress is how the kernel wants an address.
type socketAddress struct {
	raw    unix.RawSockaddrInet6 // or the shorter one of IPv4 in its place
	length uintptr
}

func newSocketAddress(to netip.AddrPort) (*socketAddress, error) {
	port := networkOrder(to.Port())
	host := to.Addr().Unmap()
	if host.Is4() {
		address := &socketAddress{length: unix.SizeofSockaddrInet4}
		*(*unix.RawSockaddrInet4)(unsafe.Pointer(&address.raw)) = unix.RawSockaddrInet4{
			Family: unix.AF_INET, Port: port,
			Addr: host.As4(),
		}
		return address, nil
	}
	zone, err := zoneIndex(host.Zone())
	return &socketAddress{
		raw:    unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: port, Addr: host.As16(), Scope_id: zone},
		length: unix.SizeofSockaddrInet6,
	}, err
}

// networkOrder is the number whose bytes in memory are those of the value on the wire.
func networkOrder(value uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, value))
}

// zoneIndex is the number of the link that a link-local address belongs to.
func zoneIndex(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if number, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(number), nil
	}
	link, err := net.InterfaceByName(zone)
	if err != nil {
		return 0, err
	}
	return uint32(link.Index), nil
}
