package probe_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/probe"
)

// Two claims about a shop. A client's question is asked by an agent, as often as wanted; whatever else can be known is asked by
// a function.
func Example() {
	site := netip.MustParseAddrPort("10.5.0.11:80")
	answers := probe.NetworkProbe{
		Label:  "the shop answers",
		Checks: probe.Fixed(harness.Check{HTTP: &harness.HTTPCheck{At: site, Contains: "welcome"}}),
	}
	configured := probe.Func{
		Label: "the shop is configured", Every: time.Second,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			text, err := observer.ReadFile(ctx, "web-1", "/etc/shop.conf")
			if err == nil && len(text) == 0 {
				err = errors.New("its configuration is empty")
			}
			return err
		},
	}

	machines := labtest.New(harness.Topology{Nodes: []harness.Node{{
		Name: "web-1", System: harness.System{Files: []harness.File{{Path: "/etc/shop.conf"}}},
	}}})
	defer machines.Close()
	machines.Serve(harness.VantageObserver, site.String(), labtest.Says(http.StatusOK, "welcome"))
	for _, claim := range harness.All(answers, configured) {
		fmt.Printf("%s, every %v: %v\n", claim.Name(), claim.Period(), claim.Check(context.Background(), machines))
	}
	// Output:
	// the shop answers, every 20ms: <nil>
	// the shop is configured, every 1s: its configuration is empty
}
