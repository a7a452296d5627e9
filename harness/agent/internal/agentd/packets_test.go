//go:build linux

package agentd

import (
	"net/netip"
	"testing"
)

// Goal: only what leaves the lab counts. Method: destinations of each kind against two prefixes.
func TestOutside(t *testing.T) {
	lab := []netip.Prefix{netip.MustParsePrefix("fd00:1::/64"), netip.MustParsePrefix("10.1.0.0/24")}
	for address, want := range map[string]bool{
		"fd00:1::7": false, "10.1.0.255": false, "fe80::1": false, "ff02::1": false, "224.0.0.18": false,
		"255.255.255.255": false, "127.0.0.53": false, "::1": false, "0.0.0.0": false,
		"fd00:2::7": true, "10.1.1.0": true, "2001:db8::1": true, "169.254.169.254": true, "8.8.8.8": true,
	} {
		if got := outside(netip.MustParseAddr(address), lab); got != want {
			t.Errorf("%s: outside %t, want %t", address, got, want)
		}
	}
}

// Goal: addresses are read from heads of packets, and nothing is made up of what is no packet.
// Method: minimal heads of both families, cut-off ones, and none.
func TestAddressesOf(t *testing.T) {
	v4, v6 := make([]byte, 20), make([]byte, 40)
	v4[0], v4[12], v4[16] = 0x45, 10, 192
	v6[0], v6[8], v6[24] = 0x60, 0xfd, 0x20
	if from, to, ok := addressesOf(v4); !ok || from.String() != "10.0.0.0" || to.String() != "192.0.0.0" {
		t.Errorf("IPv4: %v > %v, %t", from, to, ok)
	}
	if from, to, ok := addressesOf(v6); !ok || from.String() != "fd00::" || to.String() != "2000::" {
		t.Errorf("IPv6: %v > %v, %t", from, to, ok)
	}
	for _, head := range [][]byte{nil, v4[:19], v6[:39], make([]byte, 64)} {
		if _, _, ok := addressesOf(head); ok {
			t.Errorf("%d bytes of %x passed for a packet", len(head), head[:min(1, len(head))])
		}
	}
}
