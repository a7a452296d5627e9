package netcheck

import (
	"net"
	"net/netip"
	"testing"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: the kernel's own state can be asked for: an address, a route, a neighbour. Method: ask for what every
// machine has (the loopback's address) and for what none has (addresses of documentation).
func TestKernel(t *testing.T) {
	nowhere := netip.MustParseAddr("198.51.100.77")
	for name, test := range map[string]struct {
		check harness.Check
		wants string
	}{
		"address that is here":     {harness.Check{Address: &harness.AddressCheck{Has: netip.MustParseAddr("127.0.0.1")}}, ""},
		"address that is not here": {harness.Check{Address: &harness.AddressCheck{Has: nowhere}}, "198.51.100.77 is not here"},
		"absence of an address":    {harness.Check{Address: &harness.AddressCheck{Has: nowhere, Absent: true}}, ""},
		"absence of one that is here": {
			harness.Check{Address: &harness.AddressCheck{Has: netip.MustParseAddr("127.0.0.1"), Absent: true}},
			"127.0.0.1 is here",
		},
		"route that is not here": {
			harness.Check{Route: &harness.RouteCheck{To: netip.MustParsePrefix("198.51.100.0/24")}},
			"there is no route to 198.51.100.0/24",
		},
		"neighbour that is not here": {
			harness.Check{Neighbour: &harness.NeighbourCheck{At: nowhere, Is: "02:42:0a:ca:01:0b"}},
			"nobody knows where 198.51.100.77 is",
		},
	} {
		t.Run(name, func(t *testing.T) { expect(t, once(t, test.check, nil, retryAfter), test.wants) })
	}
}

// Goal: the kernel is never asked by way of somebody else. Method: bring a dialer.
func TestKernelNeedsItsOwnMachine(t *testing.T) {
	check := harness.Check{Address: &harness.AddressCheck{Has: netip.MustParseAddr("127.0.0.1")}}
	if _, err := New(check, (&net.Dialer{}).DialContext); err == nil {
		t.Error("the kernel was asked over a connection")
	}
}
