package fault

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// pair is two machines in memory, each with a process besides its main one, of which the first has a disk of its own.
func pair(t *testing.T) *labtest.Lab {
	t.Helper()
	topology := harness.Topology{Name: "pair", Networks: []harness.Network{{
		Name: "lan", IPv6: netip.MustParsePrefix("fd00:d1::/64"), IPv4: netip.MustParsePrefix("10.201.1.0/24"),
	}}}
	for i, name := range []string{"one", "two"} {
		system := harness.System{Command: []string{"server"}, Files: []harness.File{{Path: resolvConf, Data: []byte(goodResolvConf)}}}
		if i == 0 {
			system.SystemDisk = harness.MinimumSystemDisk
		}
		topology.Nodes = append(topology.Nodes, harness.Node{
			Name: name, Role: "server", System: system,
			IPv6: netip.AddrFrom16([16]byte{0xfd, 0, 0, 0xd1, 15: byte(0x11 + i)}),
			IPv4: netip.AddrFrom4([4]byte{10, 201, 1, byte(17 + i)}),
		})
	}
	machines := labtest.New(topology)
	for _, node := range topology.Nodes {
		machines.Process(node.Name, "ospfd")
	}
	return machines
}

// A repair is a runbook of one step.
type repair func(ctx context.Context, operator harness.Operator) error

func (repair) Name() string            { return "repair" }
func (r repair) Steps() []harness.Step { return []harness.Step{{Name: "repair it", Do: r}} }

// What operators do about a machine.
var (
	switchOn  = repair(func(ctx context.Context, operator harness.Operator) error { return operator.PowerOn(ctx, "one") })
	start     = repair(func(ctx context.Context, operator harness.Operator) error { return operator.Start(ctx, "one") })
	reinstall = repair(func(ctx context.Context, operator harness.Operator) error { return operator.Reinstall(ctx, "one") })
	cycle     = repair(func(ctx context.Context, operator harness.Operator) error {
		return errors.Join(operator.PowerOff(ctx, "one"), operator.PowerOn(ctx, "one"))
	})
)

// wrongNodes are faults aimed at a node that is not there, alone or behind one that is.
func wrongNodes(alone harness.Fault, behind ...harness.Fault) []harness.Fault {
	return append(behind, alone)
}

// Goal: every fault does what all of them have to do. Method: the contract, on machines in memory and a fake clock.
func TestContract(t *testing.T) {
	into, ipv4 := netip.MustParsePrefix("fd00:d2::/64"), netip.MustParsePrefix("10.201.2.0/24")
	for name, c := range map[string]labtest.FaultCase{
		"renumbering": {
			Fault: Renumbering{Into: into, IntoIPv4: ipv4},
			Refused: []harness.Fault{
				Renumbering{},
				Renumbering{Node: "three", Into: into},
				Renumbering{Role: "judge", Into: into},
				Renumbering{Into: ipv4},
				Renumbering{Into: netip.MustParsePrefix("fd00:d1::/64")},
			},
		},
		"renumbering of one node": {Fault: Renumbering{Node: "two", Into: into}},
		"address change": {
			Fault: AddressChange{Node: "two", To: netip.MustParseAddr("fd00:d1::99")},
			Refused: wrongNodes(AddressChange{Node: "three", To: netip.MustParseAddr("fd00:d1::99")},
				AddressChange{Node: "two", To: netip.MustParseAddr("fd00:d2::99")}),
		},
		"node loss": {
			Fault: NodeLoss{Node: "one", And: []string{"two"}}, Recovery: switchOn,
			Refused: wrongNodes(NodeLoss{Node: "three"}, NodeLoss{Node: "one", And: []string{"three"}}),
		},
		"power loss": {
			Fault: PowerLoss{Node: "one", And: []string{"two"}}, Recovery: switchOn,
			Refused: wrongNodes(PowerLoss{Node: "three"}, PowerLoss{Node: "one", And: []string{"three"}}),
		},
		"partition": {
			Fault: Partition{Node: "one", From: []string{"two"}},
			Refused: wrongNodes(Partition{Node: "three", From: []string{"one"}}, Partition{Node: "one"},
				Partition{Node: "one", From: []string{"three"}}),
		},
		"partition in one direction": {Fault: Partition{Node: "one", From: []string{"two"}, OneWay: true}},
		"process kill": {
			Fault: ProcessKill{Node: "one"}, Refused: wrongNodes(ProcessKill{Node: "three"}, ProcessKill{Node: "three", Process: "ospfd"}),
			Recovery: start,
		},
		"kill of another process": {
			Fault: ProcessKill{Node: "one", Process: "ospfd"}, Lasting: "what starts it again is the system's business",
		},
		"process pause": {
			Fault: ProcessPause{Node: "one"}, Recovery: cycle,
			Refused: wrongNodes(ProcessPause{Node: "three"}, ProcessPause{Node: "three", Process: "ospfd"}),
		},
		"pause of another process": {Fault: ProcessPause{Node: "one", Process: "ospfd"}},
		"bad resolv.conf": {
			Fault: BadResolvConf{Node: "one", Content: badResolvConf},
			Refused: wrongNodes(BadResolvConf{Node: "three", Content: badResolvConf},
				BadResolvConf{Node: "one", Content: goodResolvConf}),
		},
		"read-only root": {
			Fault: ReadOnlyRoot{Node: "one"}, Recovery: reinstall,
			Refused: wrongNodes(ReadOnlyRoot{Node: "three"}, ReadOnlyRoot{Node: "two"}),
		},
		"disk full": {
			Fault: DiskFull{Node: "one"}, Recovery: reinstall,
			Refused: wrongNodes(DiskFull{Node: "three"}, DiskFull{Node: "two"}),
		},
		"disk errors": {
			Fault: DiskErrors{Node: "one"}, Recovery: reinstall,
			Refused: wrongNodes(DiskErrors{Node: "three"}, DiskErrors{Node: "two"}),
		},
		"maintenance": {
			Fault: Maintenance{Runbook: cycle}, Refused: []harness.Fault{Maintenance{}},
			Lasting: "what was done on purpose stays done",
		},
		"no fault": {Fault: NoFault{}, Lasting: "there is nothing to lift"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				machines := pair(t)
				labtest.Expect(t, labtest.TestFault(t.Context(), machines, c), "")
				machines.Close()
			})
		})
	}
}
