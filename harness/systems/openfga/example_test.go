package openfga_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/openfga"
)

// Comments as readers get them, and the ledger of those that were acknowledged. The site is one in memory.
func Example() {
	comments := openfga.Site{At: netip.MustParseAddrPort("10.201.5.100:80"), Host: "comments.reprise.test"}
	machines := labtest.New(harness.Topology{})
	defer machines.Close()
	machines.Serve(harness.VantageObserver, comments.At.String(),
		labtest.Says(http.StatusOK, `{"stores":[{"id":"01KAKC2S5F","name":"comments"}]}`))

	served := openfga.Served(comments)
	fmt.Printf("%s: %v\n", served.Name(), served.Check(context.Background(), machines))
	fmt.Println(openfga.Comments(comments).Name())
	// Output:
	// comments.reprise.test serves comments: <nil>
	// comments of comments.reprise.test
}
