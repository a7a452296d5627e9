package vrrp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

var (
	vip      = netip.MustParseAddr("10.202.1.254")
	testPair = Pair{First: "gulp", Second: "odlyd", Shared: []netip.Addr{vip}, MasterFile: "/etc/keepalived/MASTER"}
)

const (
	keepalivedText = "vrrp_script routed {\n  interval 5\n  fall 2\n  rise 3\n}\nvrrp_instance ALL {\n  advert_int 1\n  " +
		"priority 150\n}\n"
	ospfText = "interface ext0\n ip ospf hello-interval 1\n ip ospf dead-interval 5\n ip ospf retransmit-interval " +
		"1\nrouter ospf\n timers throttle lsa all 0\n"
)

// A fakeLab is two routers in memory that follow their MASTER files at once, and of whom the second takes
// over when it does not hear the first one.
type fakeLab struct {
	*labtest.Lab
	mu   sync.Mutex
	deaf map[string]bool
}

func newFakeLab(t *testing.T) *fakeLab {
	t.Helper()
	var nodes []harness.Node
	for i, name := range testPair.Both() {
		nodes = append(nodes, harness.Node{
			Name: name, Role: "router", IPv6: netip.MustParseAddr("fd00:e1::11"), IPv4: netip.AddrFrom4([4]byte{10, 202, 1, byte(11 + i)}),
			System: harness.System{Command: []string{"router"}, Files: []harness.File{
				{Path: keepalivedFile, Data: []byte(keepalivedText)}, {Path: ospfdFile, Data: []byte(ospfText)}, {Path: testPair.MasterFile},
			}},
		})
	}
	lab := &fakeLab{Lab: labtest.New(harness.Topology{Name: "pair", Nodes: nodes}), deaf: map[string]bool{}}
	t.Cleanup(lab.Close)
	return lab
}

// holds tells whether a router has the shared address.
func (f *fakeLab) holds(ctx context.Context, router string) bool {
	may := func(router string) bool {
		_, err := f.ReadFile(ctx, router, testPair.MasterFile)
		return err == nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return may(router) && (router == testPair.First || f.deaf[router] || !may(testPair.First))
}

// StartCheck answers who has the shared address.
func (f *fakeLab) StartCheck(
	ctx context.Context, from string, check harness.Check, _ harness.Schedule, samples func([]harness.Sample),
) (harness.CheckStream, error) {
	if check.Address == nil || check.Address.Has != vip {
		return nil, errors.New("this lab only knows who has the shared address")
	}
	sample := harness.Sample{Due: time.Now(), Asked: time.Now(), Seen: time.Now()}
	if f.holds(ctx, from) == check.Address.Absent {
		sample.Err = errors.New("no")
	}
	samples([]harness.Sample{sample})
	return nil, nil
}

// Apply drops packets, or lets them through again.
func (f *fakeLab) Apply(_ context.Context, nodeActions []harness.NodeActions) (harness.Impact, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, nodeAction := range nodeActions {
		drop := nodeAction.Actions[0].Drop
		other, _ := f.Topology().Node(testPair.Other(nodeAction.Node))
		if drop.Protocol != harness.ProtocolVRRP || !slices.Equal(drop.From, other.AllAddresses()) {
			return harness.Impact{}, errors.New("more is dropped than VRRP from the other router")
		}
		switch {
		case drop.Verify && !f.deaf[nodeAction.Node]:
			return harness.Impact{}, fmt.Errorf("%s hears again", nodeAction.Node)
		case !drop.Verify:
			f.deaf[nodeAction.Node] = !drop.Lift
		}
	}
	return harness.Impact{Before: time.Now()}, nil
}

// Interruptions are none.
func (f *fakeLab) Interruptions() []harness.Interruption { return nil }
