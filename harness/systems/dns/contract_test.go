package dns

import (
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: probes and runbooks do what all of them have to do. Method: the contracts, at a server, a site and an SSH server in
// memory.
func TestContract(t *testing.T) {
	one := served(t, zoneText)
	one.Serve(harness.VantageObserver, oldIPv4, labtest.Says(http.StatusOK, "hello"))
	one.Serve(harness.VantageObserver, oldIPv6, labtest.Says(http.StatusOK, "hello"))
	for _, c := range []labtest.ProbeCase{
		{Probe: site.ByA()}, {Probe: site.ByAAAA()}, {Probe: site.OneByOne()}, {Probe: site.HappyEyeballs()},
	} {
		labtest.Expect(t, labtest.TestProbe(t.Context(), one, c), "")
	}
	greeting := struct{ harness.Observer }{&greeter{Observer: one, at: "[fd00:d1::31]:22", says: "SSH-2.0-OpenSSH_9.2\r\n"}}
	labtest.Expect(t, labtest.TestProbe(t.Context(), greeting, labtest.ProbeCase{Probe: SSH(site.Asks, siteName)}), "")

	labtest.Expect(t, labtest.TestRunbook(t.Context(), one, labtest.RunbookCase{Runbook: NewTTL{Zone: zone, TTL: time.Minute}}), "")
	one.Renumber("client-1", harness.Addresses{IPv6: netip.MustParseAddr("fd00:d2::31"), IPv4: netip.MustParseAddr("10.201.2.31")})
	one.Serve(harness.VantageObserver, newIPv4, labtest.Says(http.StatusOK, "hello"))
	moved := labtest.RunbookCase{Runbook: Readdressing{Zone: zone}, Promises: harness.All(site.ByA())}
	labtest.Expect(t, labtest.TestRunbook(t.Context(), one, moved), "")
	forgets := labtest.RunbookCase{
		Runbook: Flush(Resolver{Node: cacheNode}, siteName), Undone: "machines in memory do not know unbound's commands",
	}
	labtest.Expect(t, labtest.TestRunbook(t.Context(), one, forgets), "")
}
