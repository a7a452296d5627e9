//go:build linux

package agentd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// How the trial of a bridge sends. What crosses a bridge takes no time: the limits are for containers that are still starting.
const (
	bridgePort  = 7007
	bridgeEvery = 20 * time.Millisecond
	bridgeStart = 15 * time.Second // the other container is there
	bridgeLimit = 2 * time.Second  // one packet in a hundred has arrived
)

// AnswerOnBridge is the receiving end of the trial of a bridge: it answers every packet with the source that it saw, until
// the context ends.
func AnswerOnBridge(ctx context.Context) error {
	end := protocol.BridgeReceiver
	if err := takeOn(end); err != nil {
		return err
	}
	for _, prefix := range append(end.Own[:], end.Other[:]...) {
		socket, err := listenOnBridge(netip.AddrPortFrom(prefix.Addr(), bridgePort))
		if err != nil {
			return err
		}
		defer func() { _ = socket.Close() }()
		go answerOn(socket)
	}
	<-ctx.Done()
	return nil
}

func answerOn(socket *net.UDPConn) {
	var packet [1]byte
	for {
		_, source, err := socket.ReadFromUDPAddrPort(packet[:])
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			_, _ = socket.WriteToUDPAddrPort([]byte(source.Addr().Unmap().String()), source) // who asked asks again
		}
	}
}

// SendOnBridge is the sending end. An error says that not even the network's own packets cross it.
func SendOnBridge() (protocol.BridgeReport, error) {
	from, to := protocol.BridgeSender, protocol.BridgeReceiver
	if err := takeOn(from); err != nil {
		return protocol.BridgeReport{}, err
	}
	for i, own := range from.Own {
		if problem := askOnBridge(own.Addr(), to.Own[i].Addr(), bridgeStart); problem != "" {
			return protocol.BridgeReport{}, fmt.Errorf("packets of the network itself, from %s to %s, %s", own.Addr(), to.Own[i].Addr(),
				problem)
		}
	}
	names, err := strangeNames("/etc/hosts")
	if err != nil {
		return protocol.BridgeReport{}, err
	}
	ask := func(from, to netip.Prefix) string { return askOnBridge(from.Addr(), to.Addr(), bridgeLimit) }
	return protocol.BridgeReport{
		RoutedIPv6: ask(from.Own[0], to.Other[0]), RoutedIPv4: ask(from.Own[1], to.Other[1]),
		MovedIPv6: ask(from.Other[0], to.Other[0]), MovedIPv4: ask(from.Other[1], to.Other[1]),
		Hosts: strings.Join(names, " "),
	}, nil
}

// strangeNames are those in a file of hosts beside the names that every engine writes: of the loopback, of the container, and
// of the way to the machine.
func strangeNames(file string) ([]string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the names of hosts: %w", err)
	}
	own, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("ask for the container's own name: %w", err)
	}
	var strange []string
	for line := range strings.Lines(string(content)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		usual := func(name string) bool {
			return name == own || name == "localhost" || strings.HasPrefix(name, "ip6-") || strings.HasSuffix(name, ".containers.internal")
		}
		if len(fields) > 1 && !slices.ContainsFunc(fields[1:], usual) {
			strange = append(strange, fields[1:]...)
		}
	}
	return strange, nil
}

// askOnBridge sends until there is an answer, and says what is wrong with it; "" when nothing is.
func askOnBridge(from, to netip.Addr, limit time.Duration) string {
	socket, err := listenOnBridge(netip.AddrPortFrom(from, 0))
	if err != nil {
		return err.Error()
	}
	defer func() { _ = socket.Close() }()
	var answer [64]byte
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); {
		// What is not sent is not answered either.
		_, _ = socket.WriteToUDPAddrPort([]byte{0}, netip.AddrPortFrom(to, bridgePort))
		if err := socket.SetReadDeadline(time.Now().Add(bridgeEvery)); err != nil {
			return err.Error()
		}
		length, _, err := socket.ReadFromUDPAddrPort(answer[:])
		if err != nil {
			continue
		}
		if seen := string(answer[:length]); seen != from.String() {
			return "arrive with the source " + seen
		}
		return ""
	}
	return "do not arrive"
}

func listenOnBridge(address netip.AddrPort) (*net.UDPConn, error) {
	network := "udp4"
	if address.Addr().Is6() {
		network = "udp6"
	}
	socket, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(address))
	if err != nil {
		return nil, fmt.Errorf("listen on the bridge: %w", err)
	}
	return socket, nil
}

// takeOn gives the interface that is in the network the end's addresses of another prefix.
func takeOn(end protocol.BridgeEnd) error {
	network, err := newNetwork()
	if err != nil {
		return err
	}
	defer network.close()
	own := kernelAddress(end.Own[0])
	at := slices.IndexFunc(network.given, func(a assignment) bool { return a.address.IP.Equal(own.IP) })
	if at < 0 {
		return fmt.Errorf("take on other addresses: no interface has %s", end.Own[0])
	}
	for _, prefix := range end.Other {
		if err := network.add(assignment{link: network.given[at].link, address: kernelAddress(prefix)}); err != nil {
			return err
		}
	}
	return nil
}
