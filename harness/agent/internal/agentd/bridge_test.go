//go:build linux

package agentd

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// ownNetwork gives the test's goroutine a network namespace that has both ends' own addresses, and nothing else.
func ownNetwork(t *testing.T) netns.NsHandle {
	t.Helper()
	runtime.LockOSThread() // it is never unlocked: the thread ends with the goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("this machine does not let this user make network namespaces: %v", err)
	}
	space, err := netns.Get()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = space.Close() })
	bridge := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "bridge"}, PeerName: "peer"}
	if err := netlink.LinkAdd(bridge); err != nil {
		t.Fatal(err)
	}
	for _, end := range []protocol.BridgeEnd{protocol.BridgeSender, protocol.BridgeReceiver} {
		for _, own := range end.Own {
			address := kernelAddress(own)
			if err := netlink.AddrAdd(bridge, &address); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range []string{"lo", "bridge", "peer"} {
		if err := netlink.LinkSetUp(&netlink.Device{LinkAttrs: netlink.LinkAttrs{Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	return space
}

// answering runs the receiving end in a network namespace until the test ends.
func answering(t *testing.T, space netns.NsHandle) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		runtime.LockOSThread() // as above
		if err := netns.Set(space); err != nil {
			ended <- err
			return
		}
		ended <- AnswerOnBridge(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the receiving end: %v", err)
		}
	})
}

// Goal: the trial says which packets arrive as they were sent and which do not. Method: both ends in one network namespace,
// before and after its packet filter drops what is sent to another IPv4 prefix.
func TestBridgeReport(t *testing.T) {
	space := ownNetwork(t)
	answering(t, space)
	if report, err := SendOnBridge(); err != nil || report != (protocol.BridgeReport{Hosts: report.Hosts}) {
		t.Errorf("nothing is in the way, and it says %+v, %v", report, err)
	}
	dropOthers(t, int(space))
	if report, err := SendOnBridge(); err != nil || report != (protocol.BridgeReport{
		RoutedIPv4: "do not arrive", MovedIPv4: "do not arrive", Hosts: report.Hosts,
	}) {
		t.Errorf("other IPv4 prefixes are dropped, and it says %+v, %v", report, err)
	}
}

// dropOthers drops what is sent to the receiver's address of another IPv4 prefix.
func dropOthers(t *testing.T, space int) {
	t.Helper()
	filter, err := nftables.New(nftables.WithNetNSFd(space))
	if err != nil {
		t.Fatal(err)
	}
	const destination, length = 16, 4 // in the head of an IPv4 packet
	other := protocol.BridgeReceiver.Other[1].Addr().As4()
	table := filter.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "trial"})
	chain := filter.AddChain(&nftables.Chain{
		Name: "output", Table: table, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookOutput, Priority: nftables.ChainPriorityFilter,
	})
	filter.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: destination, Len: length},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: other[:]},
		&expr.Verdict{Kind: expr.VerdictDrop},
	}})
	if err := filter.Flush(); err != nil {
		t.Skipf("this kernel has no nf_tables: %v", err)
	}
}

// Goal: a source that was changed under way is told from a packet that was lost. Method: one that answers that it saw another.
func TestBridgeChangesTheSource(t *testing.T) {
	receiver := netip.MustParseAddr("127.0.0.2")
	socket, err := listenOnBridge(netip.AddrPortFrom(receiver, bridgePort))
	if err != nil {
		t.Skipf("another program has the port: %v", err)
	}
	defer socket.Close()
	go func() {
		var packet [1]byte
		for {
			_, source, err := socket.ReadFromUDPAddrPort(packet[:])
			if err != nil {
				return
			}
			_, _ = socket.WriteToUDPAddrPort([]byte("10.200.12.1"), source)
		}
	}()
	got := askOnBridge(netip.MustParseAddr("127.0.0.1"), receiver, bridgeLimit)
	if !strings.HasSuffix(got, "arrive with the source 10.200.12.1") {
		t.Errorf("it says %q", got)
	}
}

// Goal: the machine's own names in a container's /etc/hosts are told from those that every engine writes. Method: the files of
// Docker and Podman.
func TestStrangeNames(t *testing.T) {
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string][]string{
		"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\n10.1.0.2\t" + own + "\n": nil,
		"# the machine's\n127.0.0.1 localhost\n192.0.2.7 build.example build # old\n10.1.0.1\thost.containers.internal\n" +
			"10.1.0.2\t" + own + " reprise-1-node\n": {"build.example", "build"},
	} {
		file := filepath.Join(t.TempDir(), "hosts")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if names, err := strangeNames(file); err != nil || !slices.Equal(names, want) {
			t.Errorf("%q has %q, want %q: %v", content, names, want, err)
		}
	}
}
