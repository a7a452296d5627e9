package harness

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a topology that is made of a network's number and host numbers can be built, and its addresses end in what people read.
// Method: two networks with nodes in them, validated; the digits of addresses with one, two and three places.
func TestTopologyOfNumbers(t *testing.T) {
	lan, wan := NewNetwork("lan", 7), NewNetwork("wan", 255)
	system := System{Image: Image{Name: "web"}}
	topology := Topology{Name: "shop", Networks: []Network{lan, wan}, Nodes: []Node{
		lan.Node("web-1", "web", 11, system), lan.Node("web-2", "web", 239, system), wan.Node("edge-1", "edge", 2, System{}),
	}}
	testkit.Must(t, topology.Validate())
	for i, want := range []string{"fd00:210:7::11 10.210.7.11", "fd00:210:7::239 10.210.7.239", "fd00:210:255::2 10.210.255.2"} {
		node := topology.Nodes[i]
		if got := fmt.Sprint(node.IPv6, " ", node.IPv4); got != want {
			t.Errorf("%s has %s, want %s", node.Name, got, want)
		}
	}
}

// Goal: a number that makes no address ends the program with a sentence about it. Method: networks and hosts beyond both ends,
// and a prefix that has fewer hosts than its last byte.
func TestNumbersWithoutRoom(t *testing.T) {
	small := NewNetwork("lan", 7)
	small.IPv4 = netip.MustParsePrefix("10.210.7.128/28")
	for want, choose := range map[string]func(){
		"network lan has the number 256: it is from 0 to 255":                  func() { NewNetwork("lan", 256) },
		"network lan has the number -1: it is from 0 to 255":                   func() { NewNetwork("lan", -1) },
		"network lan has no host 256 in 10.210.7.0/24: choose another number":  func() { NewNetwork("lan", 7).Host(256) },
		"network lan has no host -1 in fd00:210:7::/64: choose another number": func() { NewNetwork("lan", 7).Host(-1) },
		"network lan has no host 16 in 10.210.7.128/28: choose another number": func() { small.Host(16) },
	} {
		t.Run(want, func(t *testing.T) {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.Contains(said, want) {
					t.Errorf("it says %q", said)
				}
			}()
			choose()
		})
	}
}
