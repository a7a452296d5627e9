package pocketbase_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/pocketbase"
)

// A blog as its readers get it, and the ledger of the posts that were acknowledged. The blog is one in memory, without the post
// that CreatePosts writes.
func Example() {
	blog := pocketbase.Site{At: netip.MustParseAddrPort("10.201.5.100:80"), Host: "blog.reprise.test"}
	machines := labtest.New(harness.Topology{})
	defer machines.Close()
	machines.Serve(harness.VantageObserver, blog.At.String(), http.NotFoundHandler())

	served := pocketbase.Served(blog)
	fmt.Printf("%s: %v\n", served.Name(), served.Check(context.Background(), machines))
	fmt.Println(pocketbase.Posts(blog).Name())
	// Output:
	// blog.reprise.test serves a page: answered 404 Not Found
	// posts of blog.reprise.test
}
