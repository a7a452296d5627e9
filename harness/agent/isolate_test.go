//go:build linux

package agent_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: the machine that the engine runs on is out of a node's reach, by all of its addresses and also by a default route that is
// put back and after a boot, and what was sent there is counted; nothing else is.
// Method: a pod whose cable ends at a machine with two addresses of each family, a link-local one and one beyond; isolate, send.
func TestIsolate(t *testing.T) {
	p := startPod(t, time.Minute)
	testkit.Must(t, p.Configure(t.Context(), agent.Configuration{}))
	lab := prefixes("fd00:1::/64", "10.1.0.0/24")
	reach := func(when string, want bool) {
		t.Helper()
		p.run(t, "ip", "route", "replace", "default", "via", "10.1.0.1")
		p.run(t, "ip", "-6", "route", "replace", "default", "via", "fe80::f1", "dev", "eth0")
		for _, address := range []string{"10.1.0.1", "10.1.0.99", "fd00:1::1", "fe80::f1%eth0", "192.0.2.7", "2001:db8::7"} {
			testkit.Must(t, p.WatchPackets(t.Context(), lab))
			got := echoes(t, p, netip.MustParseAddr(address))
			packets, err := p.Packets(t.Context())
			testkit.Must(t, err)
			if got != want {
				t.Errorf("%s, an echo from %s is %t, want %t", when, address, got, want)
			}
			plain, _, _ := strings.Cut(address, "%")
			beyond := plain == "192.0.2.7" || plain == "2001:db8::7"
			if counts := packets.Count > 0; counts != (when != "at first" || beyond) {
				t.Errorf("%s, %d packets to %s were counted: %v", when, packets.Count, address, packets.Examples)
			}
			if packets.Count > 0 && !strings.HasSuffix(packets.Examples[0], "> "+plain) {
				t.Errorf("%s, the packets to %s are shown as %v", when, address, packets.Examples)
			}
		}
	}
	reach("at first", true)
	problem, err := p.Isolate(t.Context(), netip.MustParseAddr("fd00:1::1"))
	testkit.Must(t, err)
	if problem != "" {
		t.Fatal(problem)
	}
	reach("isolated", false)
	testkit.Must(t, p.WatchPackets(t.Context(), lab))
	powerOff(t, p)
	testkit.Must(t, p.PowerOn(t.Context()))
	if packets, err := p.Packets(t.Context()); err != nil || packets.Count > 0 {
		t.Errorf("a boot counts as %+v, %v", packets, err)
	}
	reach("after a boot", false)
	flushFirewall(t, p)
	reach("with its firewall flushed", true)
}

// Goal: a gateway that nobody has is said, and keeps the machine from nobody's reach. Method: an address that does not answer.
func TestIsolateFromNobody(t *testing.T) {
	p := startPod(t, time.Minute)
	problem, err := p.Isolate(t.Context(), netip.MustParseAddr("fd00:1::abc"))
	testkit.Must(t, err)
	if !strings.Contains(problem, "fd00:1::abc has not answered") {
		t.Errorf("the problem is %q", problem)
	}
}
