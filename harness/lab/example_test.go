package lab_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/lab/image"
)

// A lab of one machine, which a client asks over the network. It needs a container engine.
func Example() {
	ctx := context.Background()
	cluster, err := lab.Start(ctx, harness.Topology{
		Name: "site",
		Networks: []harness.Network{
			{Name: "lan", IPv6: netip.MustParsePrefix("fd00:5::/64"), IPv4: netip.MustParsePrefix("10.5.0.0/24")},
		},
		Nodes: []harness.Node{{
			Name: "site-1", Role: "site", IPv6: netip.MustParseAddr("fd00:5::11"), IPv4: netip.MustParseAddr("10.5.0.11"),
			System: harness.System{
				Image:   harness.Image{Name: "nginx", Version: "1.29", Reference: "nginx:1.29"},
				Command: []string{"nginx", "-g", "daemon off;"},
			},
		}},
	}, lab.Options{Progress: image.Plain(os.Stderr)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cluster.Close(context.WithoutCancel(ctx)) //nolint:errcheck // a real caller says what it could not remove

	answer, err := harness.HTTPClient(cluster, harness.VantageObserver).Get("http://10.5.0.11/")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	fmt.Println(answer.Status)
}
