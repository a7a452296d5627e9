//go:build linux

package outages

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// networkVariable has this program play the node: it has started itself again in a network of its own.
const networkVariable = "REPRISE_TEST_CUTS_NETWORK"

func TestMain(m *testing.M) {
	if os.Getenv(networkVariable) == "" {
		os.Exit(m.Run())
	}
	if err := cutEchoes(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// Goal: the echo's address is there whenever restore has returned and gone whenever cut has, in both
// families. Method: in a network of its own, which takes a user namespace, the address is taken away
// and brought back many times, and each time a packet is sent to it. IPv6 is the family in which an
// address that was added is not in force at once.
func TestEcho(t *testing.T) {
	if _, err := os.Stat("/proc/self/ns/user"); err != nil {
		t.Skipf("this kernel has no user namespaces: %v", err)
	}
	node := exec.Command(os.Args[0])
	node.Env = append(os.Environ(), networkVariable+"=1")
	node.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	if output, err := node.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, output)
	}
}

// cutEchoes is what the node does.
func cutEchoes() error {
	for _, prefixes := range [][2]string{{"10.9.9.1/24", "10.9.9.2/24"}, {"fd00:9::1/64", "fd00:9::2/64"}} {
		if err := setUp(prefixes[0]); err != nil {
			return fmt.Errorf("set up the node: %w", err)
		}
		if err := cutEcho(netip.MustParsePrefix(prefixes[1])); err != nil {
			return err
		}
	}
	return nil
}

// setUp makes a link that has the address, and brings up the loopback, through which a node reaches itself.
func setUp(prefix string) error {
	name := "link" + prefix[:2]
	link := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: name + "peer"}
	if err := netlink.LinkAdd(link); err != nil {
		return err
	}
	for _, end := range []string{"lo", link.Name, link.PeerName} {
		found, err := netlink.LinkByName(end)
		if err != nil {
			return err
		}
		if err := netlink.LinkSetUp(found); err != nil {
			return err
		}
	}
	address, err := netlink.ParseAddr(prefix)
	if err != nil {
		return err
	}
	return netlink.AddrAdd(link, address)
}

func cutEcho(prefix netip.Prefix) error {
	made, err := startEcho(prefix)
	if err != nil {
		return err
	}
	ignore := func(protocol.Instant) {}
	for i := range 100 {
		if !local(prefix.Addr()) {
			return fmt.Errorf("%s is not there after %d cuts", prefix, i)
		}
		if err := made.cut(ignore); err != nil {
			return err
		}
		if local(prefix.Addr()) {
			return fmt.Errorf("%s is there after it was cut off", prefix)
		}
		if err := made.restore(ignore); err != nil {
			return err
		}
	}
	return made.close()
}

// local tells whether a packet to the address is this node's own: it arrives, within the call that sends it.
func local(address netip.Addr) bool {
	server, err := net.ListenUDP("udp", nil)
	if err != nil {
		return false
	}
	defer server.Close()
	port := server.LocalAddr().(*net.UDPAddr).Port
	client, err := new(net.Dialer).DialContext(context.Background(), "udp", netip.AddrPortFrom(address, uint16(port)).String())
	if err != nil {
		return false
	}
	defer client.Close()
	if _, err := client.Write([]byte("hello")); err != nil {
		return false
	}
	if err := server.SetReadDeadline(time.Now().Add(5 * time.Millisecond)); err != nil {
		return false
	}
	n, err := server.Read(make([]byte, 8))
	return err == nil && n > 0
}
