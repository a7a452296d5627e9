package drbd_test

import (
	"context"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/drbd"
)

// The two sides of a replicated disk are found in a topology, looked at, and, after a split brain, made one again.
func Example() {
	kernel := harness.File{Path: "/proc/drbd", Data: []byte("version: 8.4.11 (api:1/proto:86-101)\n" +
		" 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n")}
	topology := harness.Topology{Name: "pair", Nodes: []harness.Node{
		{Name: "drbd-1", Role: drbd.Role, System: harness.System{Files: []harness.File{kernel}}},
		{Name: "drbd-2", Role: drbd.Role},
	}}
	pair, err := drbd.PairOf(topology)
	if err != nil {
		fmt.Println(err)
		return
	}
	machines := labtest.New(topology)
	defer machines.Close()
	status, err := drbd.Look(context.Background(), machines, pair.First)
	fmt.Println(status, status.InSync(), err)
	for _, step := range pair.DiscardStaleSide(pair.Second).Steps() {
		fmt.Println(step.Name)
	}
	// Output:
	// cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate true <nil>
	// unmount and drbdadm secondary on drbd-2
	// drbdadm connect --discard-my-data on drbd-2
	// drbdadm connect on drbd-1
	// wait until both have the same
}
