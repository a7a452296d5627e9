package drift_test

import (
	"net/netip"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/labtest"
)

func address(text string) netip.Addr { return netip.MustParseAddr(text) }

// Goal: whole addresses are replaced, whatever stands around them, and nothing else is touched.
// Method: rewrite texts as they stand in configurations, with a book in which addresses are
// prefixes of one another.
func TestAddressBookRewritesWholeAddresses(t *testing.T) {
	book := drift.AddressBook{
		address("fd00:d1::1"):  address("fd00:d2::1"),
		address("fd00:d1::11"): address("fd00:d2::11"),
		address("10.0.0.1"):    address("10.9.0.1"),
		address("10.0.0.11"):   address("10.9.0.11"),
		address("fd00:d1::12"): address("fd00:d1::12"), // did not change
	}
	cases := map[string]struct{ before, after string }{
		"one is the beginning of the other": {"fd00:d1::11 fd00:d1::1", "fd00:d2::11 fd00:d2::1"},
		"IPv4, one the beginning too":       {"10.0.0.11,10.0.0.1", "10.9.0.11,10.9.0.1"},
		"brackets and a port":               {`"[fd00:d1::11]:4648",`, `"[fd00:d2::11]:4648",`},
		"IPv4 and a port":                   {"10.0.0.1:8300", "10.9.0.1:8300"},
		"a prefix length":                   {"fd00:d1::11/64", "fd00:d2::11/64"},
		"a URL":                             {"http://[fd00:d1::11]:8500/v1", "http://[fd00:d2::11]:8500/v1"},
		"another spelling":                  {"FD00:00D1:0:0::0011", "fd00:d2::11"},
		"unknown neighbours": {
			"fd00:d1::111 fd00:d1::2 110.0.0.1 10.0.0.12",
			"fd00:d1::111 fd00:d1::2 110.0.0.1 10.0.0.12",
		},
		"the end of a sentence": {"at fd00:d1::11. And 10.0.0.1: yes", "at fd00:d2::11. And 10.9.0.1: yes"},
		"inside a name": {
			"ip-10.0.0.1 x10.0.0.1 10.0.0.1-x node_10.0.0.1",
			"ip-10.0.0.1 x10.0.0.1 10.0.0.1-x node_10.0.0.1",
		},
		"a version and a time":               {"1.11.3 10:00:01 abc:def", "1.11.3 10:00:01 abc:def"},
		"an unchanged address, its spelling": {"fd00:D1::0012", "fd00:D1::0012"},
		"other bytes":                        {"{\n\t\"é\": \"fd00:d1::1\"\x00}", "{\n\t\"é\": \"fd00:d2::1\"\x00}"},
		"nothing":                            {"", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := string(book.Rewrite([]byte(c.before))); got != c.after {
				t.Errorf("%q became %q, want %q", c.before, got, c.after)
			}
		})
	}
}

// Goal: nodes that took over each other's address come out right.
// Method: rewrite with a book that swaps two addresses; one replacement after the other would give
// both the same.
func TestAddressBookSwapsAddresses(t *testing.T) {
	book := drift.AddressBook{address("fd00::1"): address("fd00::2"), address("fd00::2"): address("fd00::1")}
	if got := string(book.Rewrite([]byte("fd00::1 fd00::2"))); got != "fd00::2 fd00::1" {
		t.Errorf("got %q", got)
	}
}

// Goal: the book pairs what is documented with what is true now, for every node and both families.
// Method: renumber one of two machines, and take the IPv4 address away from it.
func TestPresentAddresses(t *testing.T) {
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{
		{Name: "a", IPv6: address("fd00::1"), IPv4: address("10.0.0.1")},
		{Name: "b", IPv6: address("fd00::2"), IPv4: address("10.0.0.2")},
	}})
	machines.Renumber("a", harness.Addresses{IPv6: address("fd01::1")})
	book, err := drift.PresentAddresses(machines)
	if err != nil {
		t.Fatal(err)
	}
	want := drift.AddressBook{
		address("fd00::1"): address("fd01::1"), address("10.0.0.1"): address("10.0.0.1"),
		address("fd00::2"): address("fd00::2"), address("10.0.0.2"): address("10.0.0.2"),
	}
	for before, now := range want {
		if book[before] != now {
			t.Errorf("%v became %v, want %v", before, book[before], now)
		}
	}
	if len(book) != len(want) {
		t.Errorf("the book has %d entries, want %d", len(book), len(want))
	}
}
