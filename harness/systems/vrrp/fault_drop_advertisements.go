package vrrp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/probe"
)

// DropAdvertisements keeps the second router from hearing the first one's advertisements: their kernels drop VRRP from
// each other and nothing else. The second one then takes the first for dead, and both are master. Reverting
// lets VRRP through again. No operator may lift it: it is a [drill.StandingFault].
type DropAdvertisements struct {
	Pair Pair
	// OneWay has the first router still hear the second. It does not give way: its priority is the higher one.
	OneWay bool
}

// Describe says who does not hear whom.
func (d DropAdvertisements) Describe() string {
	if d.OneWay {
		return fmt.Sprintf("VRRP from %s does not reach %s any more; the other direction does", d.Pair.First, d.Pair.Second)
	}
	return fmt.Sprintf("VRRP does not pass between %s and %s any more; everything else does", d.Pair.First, d.Pair.Second)
}

// waitForTwoMasters allows for the longest time that a backup waits with advertisements every second, and as
// much again for a busy machine.
var waitForTwoMasters = harness.Wait{For: "both routers to be master", Interval: 100 * time.Millisecond, Limit: 15 * time.Second}

// Inject has the kernels drop.
func (d DropAdvertisements) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	nodeActions, err := d.nodeActions(lab, false)
	if err != nil {
		return nil, fmt.Errorf("plan the fault: %s: %w", d.Describe(), err)
	}
	impact, err := lab.Apply(ctx, nodeActions)
	return &fault.Injection{
		Struck: impact,
		Prove: func(ctx context.Context) (string, error) {
			err := waitForTwoMasters.Until(ctx, func(ctx context.Context) error { return d.twoMasters(ctx, lab) })
			return fmt.Sprintf("the kernels of both routers answer to %s", d.Pair.Shared[0]), err
		},
		Lift: func(ctx context.Context) error {
			lift, err := d.nodeActions(lab, true)
			if err == nil {
				_, err = lab.Apply(ctx, lift)
			}
			return err
		},
	}, err
}

// twoMasters asks both kernels: what VRRP has done is another vantage point than what was dropped.
func (d DropAdvertisements) twoMasters(ctx context.Context, observer harness.Observer) error {
	for _, router := range d.Pair.Both() {
		if err := probe.Holds(router, d.Pair.Shared[0]).Check(ctx, observer); err != nil {
			return fmt.Errorf("%s: %w", router, err)
		}
	}
	return nil
}

// Stands tells whether all of it is still dropped: see [drill.StandingFault].
func (d DropAdvertisements) Stands(ctx context.Context, lab harness.Lab) error {
	nodeActions, err := d.nodeActions(lab, false)
	if err != nil {
		return err
	}
	for _, nodeAction := range nodeActions {
		nodeAction.Actions[0].Drop.Verify = true
	}
	_, err = lab.Apply(ctx, nodeActions)
	return err
}

func (d DropAdvertisements) nodeActions(lab harness.Lab, lift bool) ([]harness.NodeActions, error) {
	if len(d.Pair.Shared) == 0 {
		return nil, errors.New("the pair shares no address")
	}
	deaf := []string{d.Pair.Second}
	if !d.OneWay {
		deaf = append(deaf, d.Pair.First)
	}
	var nodeActions []harness.NodeActions
	for _, router := range deaf {
		other, known := lab.Topology().Node(d.Pair.Other(router))
		if !known {
			return nil, lab.Topology().UnknownNode(d.Pair.Other(router))
		}
		nodeActions = append(nodeActions, harness.NodeActions{Node: router, Actions: []harness.Action{{Drop: &harness.Drop{
			From: other.AllAddresses(), Protocol: harness.ProtocolVRRP, Lift: lift,
		}}}})
	}
	return nodeActions, nil
}
