package contracts

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/lab"
)

const rightsLabel = "rights"

// The nodes of the lab in which rights are looked at.
const (
	modest  = "modest"  // names no capability
	naming  = "naming"  // names some
	user    = "user"    // runs as somebody else
	gaining = "gaining" // lets programs gain privileges
)

func rights() harness.Topology {
	lan := harness.NewNetwork("lan", 0x2a)
	topology := harness.Topology{Name: "rights", Networks: []harness.Network{lan}}
	for i, kind := range []struct {
		name   string
		system harness.System
	}{
		{modest, harness.System{}},
		{naming, harness.System{Capabilities: harness.Capabilities{"NET_ADMIN": "a test", "SYS_TIME": "a test"}}},
		{user, harness.System{User: "nobody"}},
		{gaining, harness.System{NewPrivileges: "a test"}},
	} {
		kind.system.Image, kind.system.Command = fixtures.Debian(), []string{"sleep", "infinity"}
		topology.Nodes = append(topology.Nodes, lan.Node(kind.name, "machine", 0x11+i, kind.system))
	}
	return topology
}

// capabilityNumbers are the bits of the capabilities in question, from linux/capability.h.
var capabilityNumbers = map[string]uint{
	"CHOWN": 0, "DAC_OVERRIDE": 1, "FOWNER": 3, "KILL": 5, "SETGID": 6, "SETUID": 7, "NET_ADMIN": 12, "NET_RAW": 13, "SYS_TIME": 25,
}

// may claims what a process may do: its effective capabilities, and those that it can ever get.
func may(status string, effective, bounding []string, gains bool) error {
	has := map[string]string{}
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")
		has[name] = strings.TrimSpace(value)
	}
	for field, names := range map[string][]string{"CapEff": effective, "CapBnd": bounding} {
		var want uint64
		for _, name := range names {
			want |= 1 << capabilityNumbers[name]
		}
		if got, err := strconv.ParseUint(has[field], 16, 64); err != nil || got != want {
			return fmt.Errorf("%s is %q, want %016x (%q)", field, has[field], want, names)
		}
	}
	if want := map[bool]string{false: "1", true: "0"}[gains]; has["NoNewPrivs"] != want {
		return fmt.Errorf("NoNewPrivs is %s, want %s", has["NoNewPrivs"], want)
	}
	return nil
}

// operatorMay claims the same of what an operator starts on a node, mainMay of the main process.
func operatorMay(node string, effective, bounding []string, gains bool) spec {
	return spec{"what an operator starts on " + node, func(ctx context.Context, cluster *lab.Lab) error {
		status, err := cluster.Exec(ctx, node, "cat", "/proc/self/status")
		if err != nil {
			return err
		}
		return may(string(status), effective, bounding, gains)
	}}
}

func mainMay(node string, effective, bounding []string) spec {
	return spec{"the main process of " + node, func(ctx context.Context, cluster *lab.Lab) error {
		status, err := cluster.Status(ctx, node)
		if err != nil {
			return err
		}
		text, err := cluster.Exec(ctx, node, "cat", fmt.Sprintf("/proc/%d/status", status.PID))
		if err != nil {
			return err
		}
		return may(string(text), effective, bounding, false)
	}}
}

func agentMay(node string) spec {
	return spec{"the agent of " + node, func(ctx context.Context, cluster *lab.Lab) error {
		status, err := cluster.Exec(ctx, node, "cat", "/proc/1/status")
		if err != nil {
			return err
		}
		return may(string(status), agent.Capabilities(), agent.Capabilities(), false)
	}}
}

var _ = Describe("What a node may do", Label(rightsLabel), Ordered, ContinueOnFailure, func() {
	owner := []string{"CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"}
	sees := func(func() *lab.Lab) parts {
		return parts{sequence: []spec{
			operatorMay(modest, nil, nil, false), mainMay(modest, nil, nil), agentMay(modest),
			operatorMay(naming, []string{"NET_ADMIN", "SYS_TIME"}, []string{"NET_ADMIN", "SYS_TIME"}, false),
			operatorMay(user, owner, owner, false), mainMay(user, nil, owner),
			operatorMay(gaining, nil, nil, true),
		}}
	}
	run(rights(), sees, func(context.Context, *lab.Lab) error { return nil })
})
