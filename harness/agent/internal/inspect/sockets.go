//go:build linux

package inspect

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// A socket is one line of /proc/net/tcp and its like.
type socket struct {
	protocol      string
	local, remote netip.AddrPort
	state         string
	user          uint32
	inode         string
}

// protocols are the tables of sockets.
var protocols = []string{"tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6"}

// The states of the kernel's tables.
const (
	stateListen = "0A"
	stateOpen   = "07" // of a socket without connections that is bound
)

// engineResolver is where Docker answers questions about names. Its ports are drawn by chance, and go with a reboot.
var engineResolver = netip.MustParseAddr("127.0.0.11")

// sockets lists what listens, with who does.
func (l *look) sockets(ctx context.Context) ([]harness.Trait, error) {
	all, err := l.allSockets()
	if err != nil {
		return nil, err
	}
	low, high, err := l.ephemeral()
	if err != nil {
		return nil, err
	}
	wanted := map[string][]string{} // inode -> programs
	listening := slices.DeleteFunc(all, func(one socket) bool { return !one.listens(low, high) })
	for _, one := range listening {
		wanted[one.inode] = nil
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	if err := l.holders(ctx, wanted); err != nil {
		return nil, err
	}
	var traits []harness.Trait
	for _, one := range listening {
		value := strings.Join(wanted[one.inode], ", ")
		if value == "" {
			value = "somebody as " + nameOf(l.names.users, one.user)
		}
		traits = append(traits, harness.Trait{Kind: harness.KindSocket, Key: one.key(low, high), Value: value})
	}
	return traits, nil
}

// listens tells whether strangers can reach the socket: a client's datagram socket is open too, at a
// port that the kernel has chosen.
func (s socket) listens(low, high uint16) bool {
	if s.local.Addr() == engineResolver {
		return false
	}
	switch s.protocol {
	case "tcp":
		return s.state == stateListen
	case "raw":
		return s.state == stateOpen
	}
	port := s.local.Port()
	return s.state == stateOpen && (port < low || port > high)
}

// key is where the socket is found. A port that the kernel has chosen is another one each time.
func (s socket) key(low, high uint16) string {
	address := s.local.Addr().String()
	if s.local.Addr().IsLinkLocalUnicast() {
		address = "link-local"
	}
	if s.local.Addr().Is6() {
		address = "[" + address + "]"
	}
	port := s.local.Port()
	switch {
	case s.protocol == "raw":
		return fmt.Sprintf("raw %s protocol %d", address, port)
	case port >= low && port <= high:
		return fmt.Sprintf("%s %s:ephemeral", s.protocol, address)
	}
	return fmt.Sprintf("%s %s:%d", s.protocol, address, port)
}

// ephemeral is the range of ports that the kernel chooses from.
func (l *look) ephemeral() (low, high uint16, err error) {
	content, err := l.readOptional("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 0, 0, err
	}
	fields := strings.Fields(string(content))
	if len(fields) != 2 {
		return 32768, 60999, nil // what kernels begin with
	}
	return uint16(number(fields[0])), uint16(number(fields[1])), nil
}

func (l *look) allSockets() ([]socket, error) {
	var all []socket
	for _, protocol := range protocols {
		content, err := l.readOptional("/proc/net/" + protocol)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(content)) {
			if one, ok := parseSocket(line); ok {
				one.protocol = strings.TrimSuffix(protocol, "6")
				all = append(all, one)
			}
		}
	}
	return all, nil
}

// parseSocket reads "0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 ...".
func parseSocket(line string) (socket, bool) {
	fields := strings.Fields(line)
	if len(fields) < 10 || !strings.HasSuffix(fields[0], ":") {
		return socket{}, false
	}
	local, first := parseEnd(fields[1])
	remote, second := parseEnd(fields[2])
	return socket{local: local, remote: remote, state: fields[3], user: number(fields[7]), inode: fields[9]}, first && second
}

// parseEnd reads an address of which every four bytes are in the order of the machine.
func parseEnd(text string) (netip.AddrPort, bool) {
	host, port, found := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	if !found || err != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	address, ok := netip.AddrFromSlice(raw)
	value, err := strconv.ParseUint(port, 16, 16)
	return netip.AddrPortFrom(address.Unmap(), uint16(value)), ok && err == nil
}

// holders finds the programs that hold the sockets of the wanted inodes.
func (l *look) holders(ctx context.Context, wanted map[string][]string) error {
	all, err := l.allProcesses(ctx)
	if err != nil {
		return err
	}
	for _, one := range all.list {
		if one.flags&forked != 0 && one.parent > 1 && one.parent != l.request.Supervisor {
			continue // it has what its parent has
		}
		for _, inode := range l.socketsOf(one) {
			programs, want := wanted[inode]
			if !want || slices.Contains(programs, one.name) {
				continue
			}
			wanted[inode] = slices.Sorted(slices.Values(append(programs, one.name)))
		}
	}
	return nil
}
