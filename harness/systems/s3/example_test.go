package s3_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/s3"
)

// A server that is down, as a drill sees it, and the ledger of a bucket's objects.
func Example() {
	key := harness.Secret{Name: "s3-secret-key"}
	bucket := s3.Bucket{Node: "s3-1", Port: 7070, Name: "drill", AccessKey: "reprise", SecretKey: key}
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{{
		Name: "s3-1", IPv6: netip.MustParseAddr("fd00:5::12"),
		System: harness.System{Secrets: []harness.Secret{harness.NewSecret("s3-secret-key")}},
	}}})
	defer machines.Close()

	answers := s3.Answers(bucket)
	fmt.Printf("%s: %v\n", answers.Name(), answers.Check(context.Background(), machines))
	objects := s3.Objects(bucket, "ledger")
	fmt.Printf("%s, one every %v\n", objects.Name(), objects.Interval())
	// Output:
	// bucket drill on s3-1 answers: dial tcp: connection refused
	// objects ledger/ of bucket drill on s3-1, one every 200ms
}
