//go:build linux

package agent_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// setRules sets what needs no program besides this one: a rule of nftables, which has the kernel keep
// track of connections, and a set of addresses.
func setRules() error {
	connection, err := nftables.New()
	if err != nil {
		return err
	}
	table := connection.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: "traces"})
	chain := connection.AddChain(&nftables.Chain{
		Table: table, Name: "output", Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookOutput,
		Priority: nftables.ChainPriorityFilter,
	})
	connection.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{
		&expr.Ct{Key: expr.CtKeySTATE, Register: 1},
		&expr.Verdict{Kind: expr.VerdictAccept},
	}})
	return errors.Join(
		connection.Flush(),
		netlink.IpsetCreate("TRACES", "hash:ip", netlink.IpsetCreateOptions{}),
		netlink.IpsetAdd("TRACES", &netlink.IPSetEntry{IP: net.ParseIP("10.9.9.9").To4()}),
	)
}

// showRules prints what there is no program for everywhere: tables of nftables, sets of addresses and
// connections to the trace's port.
func showRules() error {
	connection, err := nftables.New()
	if err != nil {
		return err
	}
	tables, err := connection.ListTables()
	if err != nil {
		return err
	}
	sets, err := netlink.IpsetListAll()
	if err != nil {
		return err
	}
	flows, err := netlink.ConntrackTableList(netlink.ConntrackTable, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	for _, table := range tables {
		fmt.Println("nftables", table.Name)
	}
	for _, set := range sets {
		fmt.Println("ipset", set.SetName)
	}
	for _, flow := range flows {
		if flow.Forward.DstPort == tracePort {
			fmt.Println("connection to", flow.Forward.DstIP, flow.Forward.DstPort)
		}
	}
	return nil
}

// tracePort is where nobody listens.
const tracePort = 9999

// play runs this program in the pod in a role.
func (p *pod) play(t *testing.T, role string) string {
	t.Helper()
	return p.run(t, "env", roleVariable+"="+role, os.Args[0])
}

// network is all that a reboot must bring back or lose, as the usual programs show it.
func (p *pod) network(t *testing.T) []string {
	t.Helper()
	shown := p.play(t, "show rules")
	for _, show := range [][]string{
		{"ip", "-o", "link"},
		{"ip", "-o", "-4", "addr"},
		{"ip", "-o", "-6", "addr"},
		{"ip", "-4", "neigh", "show", "nud", "permanent"},
		{"ip", "-4", "route", "show", "table", "all"},
		{"ip", "-6", "route", "show", "table", "all"},
		{"ip", "-4", "rule"},
		{"ip", "-6", "rule"},
		{"iptables-legacy-save"},
		{"ip6tables-legacy-save"},
	} {
		if _, err := exec.LookPath(show[0]); err == nil {
			shown += p.run(t, show...)
		}
	}
	var lines []string
	for line := range strings.Lines(shown) {
		if !idle.MatchString(line) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// idle matches what means nothing: link-local addresses, which the kernel brings in its own time, and
// tables of iptables without a rule.
var idle = regexp.MustCompile(`fe80:|multicast ff00::/8|^#|^\*|^COMMIT|^:\w+ ACCEPT `)

// differences says what has come and gone between two looks.
func differences(before, after []string) error {
	var found []error
	for _, line := range after {
		if !slices.Contains(before, line) {
			found = append(found, fmt.Errorf("left %q", line))
		}
	}
	for _, line := range before {
		if !slices.Contains(after, line) {
			found = append(found, fmt.Errorf("taken %q", line))
		}
	}
	return errors.Join(found...)
}

// traces is some of what litter leaves.
var traces = []string{
	"cni0", "flannel.1", "10.1.0.240", "fd00:1::240", "10.43.0.10", "blackhole", "table 300",
	"10.45.0.0/16", "0x1/0x1", "10.1.0.77", "nftables traces", "ipset TRACES", "connection to 10.1.0.1",
}

// litter leaves in the network what a container platform leaves there.
func (p *pod) litter(t *testing.T) {
	t.Helper()
	for _, command := range []string{
		"ip link add cni0 type bridge", "ip link set cni0 up", "ip addr add 10.42.0.1/24 dev cni0",
		"ip link add veth0 type veth peer name veth1", "ip link set veth0 master cni0", "ip link set veth0 up", "ip link set veth1 up",
		"ip link add flannel.1 type vxlan id 1 dev eth0 dstport 8472", "ip link set flannel.1 up",
		"ip addr add 10.1.0.240/24 dev eth0", "ip addr add fd00:1::240/64 dev eth0 nodad", "ip addr add 10.43.0.10/32 dev lo",
		"ip route add 10.42.1.0/24 via 10.1.0.12", "ip route add blackhole 10.42.2.0/24", "ip -6 route add fd00:42::/64 via fd00:1::12",
		"ip route add 10.44.0.0/16 via 10.42.0.9 dev cni0", "ip route add default via 10.1.0.1 table 300",
		"ip route add local 10.45.0.0/16 dev lo",
		"ip rule add from 10.42.0.0/16 lookup 300 priority 99", "ip rule add fwmark 0x1/0x1 lookup 100",
		"ip -6 rule add to fd00:42::/64 lookup 300",
		"ip neigh add 10.1.0.77 lladdr 02:00:00:00:00:77 dev eth0 nud permanent",
	} {
		p.run(t, strings.Fields(command)...)
	}
	p.play(t, "set rules")
	connection, err := p.Dial(t.Context(), "udp", fmt.Sprintf("10.1.0.1:%d", tracePort))
	testkit.Must(t, err)
	if _, err := connection.Write([]byte("trace")); err != nil {
		t.Fatal(err)
	}
	testkit.Must(t, connection.Close())
	if _, err := exec.LookPath("iptables-legacy"); err != nil {
		t.Log("there is no iptables-legacy here: its rules are not tested")
		return
	}
	for _, rule := range []string{
		"iptables-legacy -P FORWARD DROP", "iptables-legacy -N KUBE", "iptables-legacy -A INPUT -j KUBE",
		"iptables-legacy -A KUBE -m set --match-set TRACES src -j DROP",
		"iptables-legacy -t nat -A OUTPUT -d 10.43.0.1/32 -p tcp -j DNAT --to-destination 10.1.0.7:6443",
		"iptables-legacy -t mangle -A PREROUTING -j MARK --set-mark 1", "iptables-legacy -t raw -A PREROUTING -j NOTRACK",
		"ip6tables-legacy -A INPUT -d fd00:42::1 -j DROP", "ip6tables-legacy -t nat -A POSTROUTING -j MASQUERADE",
	} {
		p.run(t, strings.Fields(rule)...)
	}
}

// Goal: a machine that is switched on has the network it was given and nothing that its system has
// set up, whether its links were down meanwhile or not. Method: litter the network as a container
// platform does, lose the node in each way, switch on, and compare with the first look.
func TestRebootForgetsTheNetwork(t *testing.T) {
	for name, loss := range map[string][]harness.Action{
		"power loss": {link(false), signalAll("KILL")},
		"node loss":  {signalAll("KILL")},
	} {
		t.Run(name, func(t *testing.T) {
			p := startPod(t, protocol.Silence)
			testkit.Must(t, p.Configure(t.Context(), agent.Configuration{Addresses: prefixes("10.1.0.8/24", "fd00:1::8/64")}))
			before := p.network(t)
			p.litter(t)
			littered := p.network(t)
			for _, trace := range traces {
				if !strings.Contains(strings.Join(littered, "\n"), trace) {
					t.Fatalf("%s was not left:\n%s", trace, strings.Join(littered, "\n"))
				}
			}
			p.impact(t, loss...)
			testkit.Must(t, p.PowerOn(t.Context()))
			p.awaitService(t)
			// A link that was just taken up says so a moment later.
			await(t, "the network to be as it was", func() error { return differences(before, p.network(t)) })
		})
	}
}

// Goal: a node keeps through a reboot what it was given: its routes, and after it was renumbered its new
// addresses. Method: lose the node and switch on; readdress, litter the new prefix, lose the power,
// switch on.
func TestRebootKeepsWhatWasGiven(t *testing.T) {
	p := startPod(t, protocol.Silence)
	p.impact(t, signalAll("KILL"))
	testkit.Must(t, p.PowerOn(t.Context()))
	if routes := p.run(t, "ip", "route") + p.run(t, "ip", "-6", "route"); !strings.Contains(routes, "default via 10.1.0.1") ||
		!strings.Contains(routes, "default via fd00:1::1") {
		t.Errorf("after the boot the routes are:\n%s", routes)
	}
	p.impact(t, readdress(prefixes(podIPv6, podIPv4), prefixes("fd00:2::7/64", "10.2.0.7/24")))
	p.run(t, "ip", "addr", "add", "10.2.0.240/24", "dev", "eth0")
	p.impact(t, link(false), signalAll("KILL"))
	testkit.Must(t, p.PowerOn(t.Context()))
	p.expectAddresses(t, "fd00:2::7", "10.2.0.7")
	shown := p.run(t, "ip", "-o", "addr", "show", "dev", "eth0")
	for _, gone := range []string{"10.2.0.240", "10.1.0.7", "fd00:1::7"} {
		if strings.Contains(shown, gone) {
			t.Errorf("after the boot there is %s:\n%s", gone, shown)
		}
	}
}

// Goal: links come up although something that the system had made has gone while they were down, and
// what is still there has not noticed. Method: a bridge and two cables with routes; take the links
// down, delete a cable, take them up.
func TestLinkUpWithoutWhatIsGone(t *testing.T) {
	p := startPod(t, protocol.Silence)
	for _, command := range []string{
		"ip link add cni0 type bridge", "ip link set cni0 up", "ip addr add 10.42.0.1/24 dev cni0",
		"ip route add 10.44.0.0/16 via 10.42.0.9",
		"ip link add veth0 type veth peer name veth1", "ip link set veth0 up", "ip addr add 10.46.0.1/24 dev veth0",
		"ip route add 10.47.0.0/16 via 10.46.0.9",
		"ip link add veth2 type veth peer name veth3", "ip link set veth2 up", "ip addr add 10.49.0.1/24 dev veth2",
		"ip route add 10.50.0.0/16 via 10.49.0.9",
		"ip route add 10.48.0.0/16 via 10.1.0.12",
	} {
		p.run(t, strings.Fields(command)...)
	}
	await(t, "the kernel to notice that a cable's other end is down", func() error {
		if routes := p.run(t, "ip", "route"); !strings.Contains(routes, "10.50.0.0/16 via 10.49.0.9 dev veth2 linkdown") {
			return errors.New(routes)
		}
		return nil
	})
	p.impact(t, link(false))
	if shown := p.run(t, "ip", "link", "show", "cni0"); !strings.Contains(shown, ",UP") {
		t.Errorf("a link that goes nowhere was taken down too:\n%s", shown)
	}
	p.run(t, "ip", "link", "del", "veth0")
	p.impact(t, link(true))
	routes := p.run(t, "ip", "route")
	for _, want := range []string{"10.44.0.0/16 via 10.42.0.9", "10.50.0.0/16 via 10.49.0.9", "10.48.0.0/16 via 10.1.0.12"} {
		if !strings.Contains(routes, want) {
			t.Errorf("after up, %q is not among the routes:\n%s", want, routes)
		}
	}
}
