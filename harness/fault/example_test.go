package fault_test

import (
	"context"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// A fault is injected, proves that it bites, and can be lifted. In a drill drill.Inject and drill.Close do that.
func Example() {
	ctx := context.Background()
	resolver := harness.File{Path: "/etc/resolv.conf", Data: []byte("nameserver 10.5.0.53\n")}
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{
		{Name: "web-1", System: harness.System{Files: []harness.File{resolver}}},
	}})
	defer machines.Close()

	bad := fault.BadResolvConf{Node: "web-1", Content: "nameserver 192.0.2.1\n"}
	fmt.Println(bad.Describe())
	injection, err := bad.Inject(ctx, machines)
	if err != nil {
		fmt.Println(err)
		return
	}
	proof, err := injection.Confirm(ctx)
	fmt.Println(proof, err)
	fmt.Println("lifted:", injection.Revert(ctx) == nil)
	content, err := machines.ReadFile(ctx, "web-1", resolver.Path)
	fmt.Printf("%s%v\n", content, err)
	// Output:
	// bad /etc/resolv.conf on web-1: "nameserver 192.0.2.1\n"
	// web-1 reads "nameserver 192.0.2.1\n" from /etc/resolv.conf <nil>
	// lifted: true
	// nameserver 10.5.0.53
	// <nil>
}
