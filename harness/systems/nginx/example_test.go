package nginx_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/nginx"
)

// A folder that takes uploads: whether it does, and which files it has acknowledged. The site is one in memory.
func Example() {
	uploads := nginx.Folder{At: netip.MustParseAddrPort("10.201.6.100:80"), Path: "/uploads/"}
	machines := labtest.New(harness.Topology{})
	defer machines.Close()
	machines.Serve(harness.VantageObserver, uploads.At.String(), labtest.Says(http.StatusCreated, ""))

	accepts := nginx.Accepts(uploads)
	fmt.Printf("%s: %v\n", accepts.Name(), accepts.Check(context.Background(), machines))
	writes := nginx.Uploads(uploads)
	fmt.Printf("%s, one every %v: %v\n", writes.Name(), writes.Interval(), writes.Write(context.Background(), machines, 1))
	// Output:
	// 10.201.6.100:80/uploads/ accepts files: <nil>
	// files of 10.201.6.100:80/uploads/, one every 200ms: <nil>
}
