//go:build linux

package agent_test

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// fingerprint takes one of the pod, of which the machine's own /usr/local is no part.
func (p *pod) fingerprint(t *testing.T, paths ...string) harness.Fingerprint {
	t.Helper()
	taken, err := p.Fingerprint(t.Context(), paths...)
	testkit.Must(t, err)
	return taken
}

// settledFingerprint is one that was taken twice with no difference: a process of the pod may still be about to start.
func (p *pod) settledFingerprint(t *testing.T) harness.Fingerprint {
	t.Helper()
	taken := p.fingerprint(t)
	for range 10 {
		again := p.fingerprint(t)
		differences := drift.Compare(taken, again)
		if len(differences) == 0 {
			return taken
		}
		t.Logf("nothing was changed, and %v", differences)
		taken = again
	}
	t.Fatal("nothing was changed, and no two fingerprints are the same")
	return taken
}

func startSmallPod(t *testing.T) *pod {
	t.Helper()
	p := startPod(t, protocol.Silence)
	p.run(t, "mount", "-t", "tmpfs", "none", "/usr/local")
	return p
}

// Goal: what somebody does to a node's network shows: addresses, links, routes, rules of which table to
// look into, rules for packets of both kinds; and what containers' cables bring does not. Method: two looks
// at a real network namespace with nothing between them, then one change at a time.
func TestFingerprintOfTheNetwork(t *testing.T) {
	p := startSmallPod(t)
	before := p.settledFingerprint(t)
	plants := []struct{ script, shows string }{
		{"ip addr add 10.1.0.240/24 dev eth0", "address eth0 10.1.0.240/24"},
		{"ip addr add fd00:1::240/64 dev eth0 nodad", "address eth0 fd00:1::240/64"},
		{"ip link set eth0 mtu 1400", "address eth0"},
		{"ip link add br0 type bridge", "address br0"},
		{"ip route add 10.44.0.0/16 via 10.1.0.12", "route 10.44.0.0/16 via 10.1.0.12 dev eth0"},
		{"ip route add blackhole 10.42.2.0/24", "route 10.42.2.0/24"},
		{"ip route add default via 10.1.0.1 table 300", "route default via 10.1.0.1 dev eth0 table 300"},
		{"ip -6 route add fd00:42::/64 via fd00:1::12", "route fd00:42::/64 via fd00:1::12 dev eth0"},
		{"ip rule add from 10.42.0.0/16 lookup 300 priority 99", "route ipv4 ip rule 99: from 10.42.0.0/16"},
		{"env " + roleVariable + "='set rules' " + os.Args[0], "firewall nft inet traces output"},
	}
	if _, err := exec.LookPath("iptables-legacy"); err == nil {
		plants = append(plants,
			struct{ script, shows string }{
				"iptables-legacy -A INPUT -s 10.9.0.0/16 -i eth0 -p tcp -j DROP",
				"firewall iptables filter INPUT: -s 10.9.0.0/16 -i eth0 -p 6 -j DROP",
			},
			struct{ script, shows string }{"iptables-legacy -N OWN && iptables-legacy -A FORWARD -j OWN && iptables-legacy -A OWN ! " +
				"-d 10.8.0.1 -j RETURN", "firewall iptables filter OWN: ! -d 10.8.0.1/32 -j RETURN"},
			struct{ script, shows string }{"iptables-legacy -P FORWARD DROP", "firewall iptables filter FORWARD"},
			struct{ script, shows string }{
				"ip6tables-legacy -A INPUT -d fd00:42::1 -j ACCEPT",
				"firewall ip6tables filter INPUT: -d fd00:42::1/128 -j ACCEPT",
			},
		)
	} else {
		t.Log("there is no iptables-legacy here: its rules are not tested")
	}
	for _, plant := range plants {
		p.run(t, "sh", "-c", plant.script)
		after := p.fingerprint(t)
		differences := drift.Compare(before, after)
		if !slices.ContainsFunc(differences, func(d harness.Difference) bool {
			return strings.HasPrefix(string(d.Kind)+" "+d.Key,
				plant.shows)
		}) {
			t.Errorf("after %s there is no %q among %v", plant.script, plant.shows, differences)
		}
		before = after
	}
	for _, managed := range []string{
		"ip link add veth1a2b3c4d type veth peer name veth5e6f7a8b", "ip addr add 10.46.0.1/24 dev veth1a2b3c4d",
		"ip link set veth1a2b3c4d up", "ip route add 10.47.0.0/16 dev veth1a2b3c4d",
	} {
		p.run(t, "sh", "-c", managed)
	}
	if differences := drift.Compare(before, p.fingerprint(t)); len(differences) > 0 {
		t.Errorf("a container's cable shows: %v", differences)
	}
}

// Goal: the fingerprint is of the node and of nothing else: of its processes not the agent, the supervisor
// or a command that the harness runs, and what it costs is told. A path that cannot be read is named with
// the node, and a node without power has no fingerprint. Method: a pod with a service and a command under way.
func TestFingerprintOfAPod(t *testing.T) {
	p := startSmallPod(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = p.Exec(t.Context(), "sh", "-c", "tail -f /dev/null & read x < /dev/zero")
	}()
	await(t, "the command to run", func() error {
		_, err := p.Exec(t.Context(), "sh", "-c", "grep -l '^tail' /proc/[0-9]*/cmdline")
		return err
	})
	taken := p.fingerprint(t, "/run")
	var processes []string
	for _, trait := range taken.Traits {
		if trait.Kind == harness.KindProcess {
			processes = append(processes, trait.Key)
		}
	}
	for _, process := range processes {
		if strings.Contains(process, "tail") {
			t.Errorf("a command of the harness shows: %q", processes)
		}
	}
	if taken.Node != "pod" || taken.CPU <= 0 || taken.Wall <= 0 || taken.Taken.IsZero() ||
		!slices.Equal(taken.Paths, []string{"/run"}) {
		t.Errorf("the fingerprint is of %q, took %v and cost %v, at %v, paths %q", taken.Node, taken.Wall, taken.CPU, taken.Taken,
			taken.Paths)
	}
	if _, err := p.Fingerprint(t.Context(), "/nowhere"); err == nil ||
		!strings.Contains(err.Error(), "pod: read /nowhere: no such file") {
		t.Errorf("a path that is not there: %v", err)
	}
	p.impact(t, signalAll("KILL"))
	<-done
	if _, err := p.Fingerprint(t.Context()); err == nil || !strings.Contains(err.Error(), "lost its power") {
		t.Errorf("without power the error is %v", err)
	}
}

// Goal: a client of the agent gets the mentions with the node's name. Method: a process with an address among
// its arguments.
func TestMentionsOfAPod(t *testing.T) {
	p := startSmallPod(t)
	p.run(t, "sh", "-c", "setsid tail -f /dev/null --pid=1 -s 10 fd00:9:0::9 > /dev/null 2>&1 < /dev/null &")
	var mentions []harness.Mention
	await(t, "the process to show", func() error {
		found, err := p.Mentions(t.Context(), []netip.Addr{netip.MustParseAddr("fd00:9::9")})
		mentions = found
		if err == nil && (len(found) != 1 || found[0].Key != "root tail") { // it was setsid before
			err = fmt.Errorf("the mentions are %+v", found)
		}
		return err
	})
	if mentions[0].Node != "pod" || mentions[0].Where != harness.WhereProcess {
		t.Errorf("the mentions are %+v", mentions)
	}
}
