package turn

import (
	"net/netip"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: the probes and the runbook do what all of them have to do. Method: the contracts, at a real server on loopback.
func TestContract(t *testing.T) {
	node := running(t, "127.0.0.1")
	for _, c := range []labtest.ProbeCase{{Probe: Accepts(server)}, {Probe: Allocates(server)}, {Probe: Relays(server)}} {
		labtest.Expect(t, labtest.TestProbe(t.Context(), node, c), "")
	}
	restart := labtest.RunbookCase{Runbook: StopRenumberStart(), Promises: harness.All(Relays(server))}
	labtest.Expect(t, labtest.TestRunbook(t.Context(), node, restart), "")
}

// Goal: the runbook writes the address that the node has now, where the old one was announced.
// Method: the node moves, the runbook is carried out, the file is read.
func TestRunbookAnnouncesTheNewAddress(t *testing.T) {
	node := running(t, "127.0.0.1")
	node.Renumber(server.Node, harness.Addresses{IPv4: netip.MustParseAddr("10.201.2.61")})
	for _, step := range StopRenumberStart().Steps() {
		labtest.Expect(t, step.Do(t.Context(), node), "")
	}
	file, err := node.ReadFile(t.Context(), server.Node, "/etc/turnserver.conf")
	labtest.Expect(t, err, "")
	if string(file) != "external-ip=10.201.2.61\n" {
		t.Errorf("it says %q", file)
	}
}
