package vrrp_test

import (
	"context"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/vrrp"
)

// How long clients will be without the network when a pair of routers hands over: what its configuration alone says.
func Example() {
	router := func(name, priority string) harness.Node {
		return harness.Node{Name: name, Role: vrrp.RouterRole, System: harness.System{Files: []harness.File{
			{Path: "/etc/keepalived/keepalived.conf", Data: []byte("advert_int 1\npriority " + priority + "\n")},
			{Path: "/etc/frr/ospfd.conf", Data: []byte("ip ospf hello-interval 1\nip ospf dead-interval 4\n")},
		}}}
	}
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{router("gulp", "150"), router("odlyd", "100")}})
	defer machines.Close()
	settings, err := vrrp.Pair{First: "gulp", Second: "odlyd"}.ReadSettings(context.Background(), machines)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(settings.HandOver())
	// Output:
	// hand-over: unnoticed by clients for 0.00 to 2.00 s; then VRRP 0.61 to 0.86 s and OSPF 3.00 to 16.00 s; outage 3.61 to 16.86 s
}
