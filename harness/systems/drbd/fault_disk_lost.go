package drbd

import (
	"context"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
)

// DiskLost has a machine fail together with its disk, and come back with an empty one: what a provider does whose
// disk is broken. Nothing is to be reverted: the machine has power.
type DiskLost struct{ Node string }

// Describe says whose disk.
func (d DiskLost) Describe() string {
	return fmt.Sprintf("%s loses its power and its disk, and boots with an empty one", d.Node)
}

// Inject takes the power, and has the machine boot with a new disk.
func (d DiskLost) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	if _, known := lab.Topology().Node(d.Node); !known {
		return nil, fmt.Errorf("plan the fault: %s: %w", d.Describe(), lab.Topology().UnknownNode(d.Node))
	}
	impact, err := lab.Apply(ctx, []harness.NodeActions{{Node: d.Node, Actions: []harness.Action{
		{Link: &harness.Link{Up: false}}, {Signal: &harness.Signal{Name: "KILL", All: true}},
	}}})
	lost := &fault.Injection{
		Struck: impact,
		Prove: func(ctx context.Context) (string, error) {
			_, err := lab.Exec(ctx, d.Node, admin("attach")...)
			refusal, refused := asRefusal(err)
			if !refused {
				return "", fmt.Errorf("the disk of %s was to have no meta data: %w", d.Node, err)
			}
			return fmt.Sprintf("%s: %s", d.Node, refusal), nil
		},
		Lift: func(ctx context.Context) error { return lab.PowerOn(ctx, d.Node) },
	}
	if err != nil {
		return lost, err
	}
	return lost, lab.Reinstall(ctx, d.Node)
}
