package netcheck

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// packets is a raw socket and where its packets go. Go's poller waits for it, and the runtime is not told of the
// calls, see syscall_linux.go.
type packets struct {
	socket *net.IPConn
	raw    syscall.RawConn
	to     *socketAddress
}

func newPackets(network string, to netip.Addr) (*packets, error) {
	address, err := newSocketAddress(netip.AddrPortFrom(to, 0))
	if err != nil {
		return nil, err
	}
	socket, err := net.ListenIP(network, nil)
	if err != nil {
		return nil, err
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	return &packets{socket, raw, address}, nil
}

func (p *packets) send(packet []byte) error {
	var refusal error
	err := p.raw.Write(func(fd uintptr) bool {
		refusal = sendTo(int(fd), packet, p.to)
		return !again(refusal)
	})
	if err == nil {
		err = refusal
	}
	return err
}

// receive waits for a packet, which it returns without the header of IP.
func (p *packets) receive(buffer []byte) ([]byte, netip.Addr, error) {
	var n int
	var from netip.Addr
	var refusal error
	err := p.raw.Read(func(fd uintptr) bool {
		n, from, refusal = receiveFrom(int(fd), buffer)
		return !again(refusal)
	})
	if err == nil {
		err = refusal
	}
	if err != nil {
		return nil, netip.Addr{}, err
	}
	packet := buffer[:n]
	if from.Is4() { // its sockets are given the header too
		const shortest = 20
		if n < shortest || int(packet[0]&0xf)*4 > n {
			return nil, netip.Addr{}, fmt.Errorf("read a packet: %d bytes hold no header of IPv4", n)
		}
		packet = packet[int(packet[0]&0xf)*4:]
	}
	return packet, from, nil
}

func (p *packets) close() error { return p.socket.Close() }

// again tells whether a call has to wait for the socket, or was only interrupted.
func again(err error) bool { return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) }

func sendTo(fd int, packet []byte, to *socketAddress) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(packet))),
		uintptr(len(packet)),
		unix.MSG_NOSIGNAL, uintptr(unsafe.Pointer(&to.raw)), to.length)
	return result(errno)
}

func receiveFrom(fd int, buffer []byte) (int, netip.Addr, error) {
	var from unix.RawSockaddrInet6 // or the shorter one of IPv4 in its place
	length := uint32(unix.SizeofSockaddrInet6)
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(buffer))),
		uintptr(len(buffer)),
		0, uintptr(unsafe.Pointer(&from)), uintptr(unsafe.Pointer(&length)))
	if errno != 0 {
		return 0, netip.Addr{}, errno
	}
	if from.Family == unix.AF_INET {
		return int(n), netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(&from)).Addr), nil
	}
	return int(n), netip.AddrFrom16(from.Addr), nil
}
