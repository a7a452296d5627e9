package contracts

import (
	"context"
	"errors"
	"net/netip"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// Two machines, the smallest lab that every fault without a product can befall. The first has a disk of its own.
const (
	first, second = "machine-1", "machine-2"
	nobody        = "machine-9"
	webFolder     = "/etc/web"
	card          = "eth0"
)

var (
	ipv6, ipv4 = netip.MustParsePrefix("fd00:c1::/64"), netip.MustParsePrefix("10.203.1.0/24")
	otherIPv6  = netip.MustParsePrefix("fd00:c2::/64")
	firstAt    = netip.MustParseAddrPort("[fd00:c1::11]:8080")
	secondAt   = netip.MustParseAddr("fd00:c1::12")
)

const machinesLabel = "machines"

// systemDisk has room for what the image has.
const systemDisk = 1 << 30

func machines() harness.Topology {
	topology := harness.Topology{Name: "contracts", Networks: []harness.Network{{Name: "lan", IPv6: ipv6, IPv4: ipv4}}}
	for i, name := range []string{first, second} {
		system := harness.System{
			Image: fixtures.Machine(), Command: []string{"runsvdir", "-P", "/etc/service"}, StopSignal: "HUP",
			Capabilities: fixtures.MachineCapabilities().With(harness.Capabilities{
				"NET_ADMIN": "root sets up its network", "SYS_ADMIN": "it mounts its disk",
			}),
			Files: []harness.File{
				{Path: "/etc/service/web/run", Mode: 0o755, Data: []byte("#!/bin/sh\nexec " + harness.AgentPath + " canary -listen=:8080\n")},
				{Path: webFolder + "/name", Data: []byte("name = " + name + "\n")},
			},
		}
		if name == first {
			system.SystemDisk = systemDisk
		}
		topology.Nodes = append(topology.Nodes, harness.Node{
			Name: name, Role: "machine", System: system,
			IPv6: netip.AddrFrom16([16]byte{0xfd, 0, 0, 0xc1, 15: byte(0x11 + i)}),
			IPv4: netip.AddrFrom4([4]byte{10, 203, 1, byte(17 + i)}),
		})
	}
	return topology
}

// web is what runs on both machines, to the procedures of package runbook.
func web() runbook.Service {
	return runbook.Service{
		Product: "web", Roles: []string{"machine"}, Folder: webFolder,
		Rename: func(_ harness.File, name string) ([]byte, error) { return []byte("name = " + name + "\n"), nil },
		Answers: func(ctx context.Context, observer harness.Observer, node string) error {
			connection, err := observer.Dial(ctx, node, "tcp", "[::1]:8080")
			if err != nil {
				return err
			}
			return connection.Close()
		},
	}
}

// answers claims that the first machine's web server answers across the network.
func answers() probe.NetworkProbe {
	return probe.NetworkProbe{
		Label:  first + " serves",
		Checks: probe.Fixed(harness.Check{HTTP: &harness.HTTPCheck{At: firstAt}}),
	}
}

// isOff claims that a machine's system does not run.
func isOff(node string) probe.Func {
	return probe.Func{Label: node + " is off", Every: time.Second, Ask: func(ctx context.Context, observer harness.Observer) error {
		status, err := observer.Status(ctx, node)
		if err == nil && status.Running {
			err = errors.New("it runs")
		}
		return err
	}}
}

// findsSecond claims that the first machine sends what is for the second one there.
func findsSecond(cluster func() *lab.Lab) probe.Func {
	finds := func(ctx context.Context, observer harness.Observer) error {
		if err := probe.Reaches(first, secondAt).Check(ctx, observer); err != nil {
			return err
		}
		hardware, err := probe.HardwareAddress(ctx, cluster(), second, card)
		if err != nil {
			return err
		}
		return probe.FindsAt(first, secondAt, second, hardware).Check(ctx, observer)
	}
	return probe.Func{Label: first + " finds " + second, Every: time.Second, Ask: finds}
}

// nowhere are faults aimed at a machine that is not there.
func nowhere(faults ...harness.Fault) []harness.Fault { return faults }

var _ = Describe("On two machines", Label(machinesLabel), Ordered, ContinueOnFailure, func() {
	run(machines(), machineParts, func(ctx context.Context, cluster *lab.Lab) error {
		wait := harness.Wait{For: "both machines to serve", Interval: 100 * time.Millisecond, Limit: time.Minute}
		err := wait.Until(ctx, func(ctx context.Context) error {
			return errors.Join(web().Answers(ctx, cluster, first), web().Answers(ctx, cluster, second))
		})
		// What a machine has made of itself when it came up would be lost with what its disk has not got yet.
		_, synced := cluster.Exec(ctx, first, "sync")
		return errors.Join(err, synced)
	})
})

func machineParts(cluster func() *lab.Lab) parts {
	on := runbook.PowerOn{Node: second}
	upgrade := runbook.Of("read the time", runbook.Exec("read the time", second, "date"))
	refused := runbook.Of("run what is not there", runbook.Exec("run it", second, "sh", "-c", "exit 7"))
	return parts{
		faults: []labtest.FaultCase{
			{Fault: fault.NoFault{}, Lasting: "there is nothing to lift"},
			{Fault: fault.Maintenance{Runbook: upgrade}, Lasting: "what was done on purpose stays done"},
			{
				Fault:   fault.ProcessPause{Node: second},
				Refused: nowhere(fault.ProcessPause{Node: nobody}, fault.ProcessPause{Node: nobody, Process: "cron"}),
			},
			{Fault: fault.ProcessPause{Node: second, Process: "cron"}},
			{Fault: fault.ProcessKill{Node: second, Process: "cron"}, Lasting: "runit starts it again"},
			{Fault: fault.ProcessKill{Node: second}, Refused: nowhere(fault.ProcessKill{Node: nobody})},
			{Fault: fault.Killed(second), Recovery: on},
			{
				Fault:   fault.NodeLoss{Node: second, And: []string{first}},
				Refused: nowhere(fault.NodeLoss{Node: nobody}, fault.NodeLoss{Node: second, And: []string{nobody}}),
			},
			{Fault: fault.Unpowered(second), Recovery: on},
			{
				Fault:   fault.PowerLoss{Node: second, And: []string{first}},
				Refused: nowhere(fault.PowerLoss{Node: nobody}, fault.PowerLoss{Node: second, And: []string{nobody}}),
			},
			{
				Fault:   fault.Partition{Node: first, From: []string{second}},
				Refused: nowhere(fault.Partition{Node: first, From: []string{nobody}}),
			},
			{Fault: fault.Partition{Node: second, From: []string{first}, OneWay: true}},
			{
				Fault:   fault.BadResolvConf{Node: second, Content: "nameserver 192.0.2.1\n"},
				Refused: nowhere(fault.BadResolvConf{Node: nobody, Content: "nameserver 192.0.2.1\n"}),
			},
			{Fault: fault.Renumbering{Into: otherIPv6}, Refused: nowhere(fault.Renumbering{Node: nobody, Into: otherIPv6})},
			{
				Fault:   fault.AddressChange{Node: second, To: netip.MustParseAddr("fd00:c1::99")},
				Refused: nowhere(fault.AddressChange{Node: nobody, To: netip.MustParseAddr("fd00:c1::99")}),
			},
			{Fault: fault.DiskFull{Node: first}, Refused: nowhere(fault.DiskFull{Node: nobody}, fault.DiskFull{Node: second})},
			{Fault: fault.ReadOnlyRoot{Node: first}, Refused: nowhere(fault.ReadOnlyRoot{Node: nobody}, fault.ReadOnlyRoot{Node: second})},
			{Fault: fault.DiskErrors{Node: first}, Refused: nowhere(fault.DiskErrors{Node: nobody}, fault.DiskErrors{Node: second})},
		},
		probes: []labtest.ProbeCase{
			{Probe: answers()},
			{Probe: probe.Holds(first, firstAt.Addr())},
			{Probe: probe.Leaves(first, secondAt)},
			{Probe: probe.Reaches(first, secondAt)},
			{Probe: probe.Routed(first, ipv4, netip.Addr{})},
			{Probe: findsSecond(cluster)},
		},
		runbooks: []labtest.RunbookCase{
			{Runbook: runbook.Of("look for cron", runbook.Exec("look", second, "pgrep", "-x", "cron"))},
			{Runbook: runbook.ExpectError{Runbook: refused, With: "exited with 7"}},
			{Runbook: runbook.Restart{Service: web().On(second)}, Promises: harness.All(answers())},
			{Runbook: runbook.Renumbering{Service: web()}, Promises: harness.All(answers())},
			{Runbook: runbook.MoveLive{Service: web().On(second), NewName: "other"}, Promises: harness.All(answers())},
			{Runbook: runbook.PowerOff{Node: first}, Promises: harness.All(isOff(first))},
			{Runbook: runbook.PowerOn{Node: first}, Promises: harness.All(answers())},
			{Runbook: runbook.PowerCycle{Node: first}, Promises: harness.All(answers())},
			{Runbook: runbook.Reinstall{Node: first, Declared: time.Hour}, Promises: harness.All(answers())},
		},
	}
}
