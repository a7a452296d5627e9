package fault

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// A fakeLab is a lab of two nodes that keeps what is done to it. Addresses that are alive refuse
// connections, as a machine without that service does; all others are silent.
type fakeLab struct {
	harness.Lab // what a fault must not call panics
	mu          sync.Mutex
	addresses   map[string]harness.Addresses
	status      map[string]harness.SystemStatus
	files       map[string]string
	strikes     [][]harness.NodeActions
	poweredOn   []string
	started     []string
	stuck       bool // the actions have no effect
}

func newFakeLab() *fakeLab {
	return &fakeLab{
		addresses: map[string]harness.Addresses{
			"one": {IPv6: netip.MustParseAddr("fd00:d1::11"), IPv4: netip.MustParseAddr("10.201.1.17")},
			"two": {IPv6: netip.MustParseAddr("fd00:d1::12"), IPv4: netip.MustParseAddr("10.201.1.18")},
		},
		status: map[string]harness.SystemStatus{"one": {Running: true, PID: 7}, "two": {Running: true, PID: 7}},
		files:  map[string]string{"/proc/7/stat": "7 (some name) S 1"},
	}
}

func (f *fakeLab) Topology() harness.Topology {
	system := harness.System{Command: []string{"server"}}
	networks := []harness.Network{{
		Name: "lan", IPv6: netip.MustParsePrefix("fd00:d1::/64"),
		IPv4: netip.MustParsePrefix("10.201.1.0/24"),
	}}
	return harness.Topology{Name: "pair", Networks: networks, Nodes: []harness.Node{
		{Name: "one", Role: "server", System: system}, {Name: "two", Role: "server", System: system},
	}}
}

func (f *fakeLab) Addresses(node string) (harness.Addresses, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.addresses[node], nil
}

func (f *fakeLab) Status(_ context.Context, node string) (harness.SystemStatus, error) {
	return f.status[node], nil
}

func (f *fakeLab) ReadFile(_ context.Context, _, path string) ([]byte, error) {
	return []byte(f.files[path]), nil
}

func (f *fakeLab) PowerOn(_ context.Context, node string) error {
	f.poweredOn = append(f.poweredOn, node)
	return nil
}

func (f *fakeLab) Start(_ context.Context, node string) error {
	f.started = append(f.started, node)
	return nil
}

func (f *fakeLab) Dial(_ context.Context, _, _, address string) (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	target := netip.MustParseAddrPort(address).Addr()
	for name, addresses := range f.addresses {
		if f.status[name].Running && (addresses.IPv6 == target || addresses.IPv4 == target) {
			return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
		}
	}
	return nil, context.DeadlineExceeded
}

func (f *fakeLab) Apply(_ context.Context, nodeActions []harness.NodeActions) (harness.Impact, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.strikes = append(f.strikes, nodeActions)
	if f.stuck {
		return harness.Impact{Before: time.Now()}, nil
	}
	for _, nodeAction := range nodeActions {
		for _, action := range nodeAction.Actions {
			f.apply(nodeAction.Node, action)
		}
	}
	return harness.Impact{Before: time.Now()}, nil
}

func (f *fakeLab) apply(node string, action harness.Action) {
	switch {
	case action.Readdress != nil:
		now := f.addresses[node]
		for _, to := range action.Readdress.To {
			if to.Addr().Is4() {
				now.IPv4 = to.Addr()
			} else {
				now.IPv6 = to.Addr()
			}
		}
		f.addresses[node] = now
	case action.Signal != nil && action.Signal.Name == "KILL":
		f.status[node] = harness.SystemStatus{Signal: "killed"}
	case action.Signal != nil && action.Signal.Name == "STOP":
		f.files["/proc/7/stat"] = "7 (some name) T 1"
	}
}

// Goal: a renumbering that makes no sense says so and strikes nobody.
// Method: one wrong option at a time.
func TestMovesThatMakeNoSense(t *testing.T) {
	cases := map[string]harness.Fault{
		"no new prefix":           Renumbering{},
		"no node \"three\"":       Renumbering{Node: "three", Into: netip.MustParsePrefix("fd00:d2::/64")},
		"with the role \"judge\"": Renumbering{Role: "judge", Into: netip.MustParsePrefix("fd00:d2::/64")},
		"not of one family":       Renumbering{Into: netip.MustParsePrefix("10.0.0.0/8")},
		"nothing would change":    Renumbering{Into: netip.MustParsePrefix("fd00:d1::/64")},
		"no network of":           AddressChange{Node: "two", To: netip.MustParseAddr("fd00:d2::99")},
	}
	for want, fault := range cases {
		lab := newFakeLab()
		_, err := fault.Inject(t.Context(), lab)
		testkit.Expect(t, err, want)
		if len(lab.strikes) > 0 {
			t.Errorf("%+v struck although it is wrong", fault)
		}
	}
}

// Goal: a node with several links says nothing while they go down one after the other. Method: the actions on one
// with a foot in another network, and on one without.
func TestUnplugHoldsRoutersStill(t *testing.T) {
	topology := harness.Topology{Nodes: []harness.Node{
		{Name: "host"},
		{Name: "router", Further: []harness.Attachment{{Network: "wan"}}},
	}}
	if actions := unplug(topology, "host"); len(actions) != 2 || actions[0].Link == nil {
		t.Errorf("a host loses its power by %+v", actions)
	}
	actions := unplug(topology, "router")
	if len(actions) != 3 || actions[0].Signal == nil || actions[0].Signal.Name != "STOP" || actions[1].Link == nil ||
		actions[2].Signal.Name != "KILL" {
		t.Errorf("a router loses its power by %+v", actions)
	}
}
