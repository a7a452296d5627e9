package minio_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/minio"
)

// What a drill asks of a store, and how its nodes are told their peers anew. The store is one node in memory, which has lost its
// peers.
func Example() {
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{
		{
			Name: "store-1", Role: minio.ServerRole, IPv6: netip.MustParseAddr("fd00:d1::71"),
			System: harness.System{Secrets: []harness.Secret{harness.NewSecret("store-secret-key")}},
		},
	}})
	defer machines.Close()
	machines.Serve("store-1", "127.0.0.1:9000", labtest.Says(http.StatusServiceUnavailable, ""))

	store := minio.Store{AccessKey: "reprise", SecretKey: harness.Secret{Name: "store-secret-key"}}
	for _, claim := range harness.All(minio.Readable("store-1"), minio.Writable("store-1"), store.Whole()) {
		fmt.Printf("%s: %v\n", claim.Name(), claim.Check(context.Background(), machines))
	}
	for _, step := range minio.StopRenumberStart().Steps() {
		fmt.Println(step.Name)
	}
	// Output:
	// store-1 has a quorum of reads: store-1: answered 503 Service Unavailable
	// store-1 has a quorum of writes: store-1: answered 503 Service Unavailable
	// minio whole: store-1: answered 503 Service Unavailable
	// stop every MinIO agent
	// write the new addresses into /etc/default
	// start every MinIO agent
	// wait until every MinIO agent answers
}
