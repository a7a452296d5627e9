//go:build !linux

package netcheck

import (
	"net"
	"net/netip"
)

// packets is a raw socket and where its packets go.
type packets struct {
	socket *net.IPConn
	to     *net.IPAddr
}

func newPackets(network string, to netip.Addr) (*packets, error) {
	socket, err := net.ListenIP(network, nil)
	if err != nil {
		return nil, err
	}
	return &packets{socket, &net.IPAddr{IP: to.AsSlice(), Zone: to.Zone()}}, nil
}

func (p *packets) send(packet []byte) error {
	_, err := p.socket.WriteToIP(packet, p.to)
	return err
}

// receive waits for a packet, which it returns without the header of IP.
func (p *packets) receive(buffer []byte) ([]byte, netip.Addr, error) {
	n, from, err := p.socket.ReadFromIP(buffer)
	if err != nil {
		return nil, netip.Addr{}, err
	}
	address, _ := netip.AddrFromSlice(from.IP)
	return buffer[:n], address, nil
}

func (p *packets) close() error { return p.socket.Close() }
