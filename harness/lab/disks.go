package lab

import (
	"context"
	"fmt"

	"github.com/moby/moby/api/types/container"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// A diskCarrier is the container that brings the volume along that the content of a topology's disks is on: the
// observer's. All nodes that may have a disk share that volume; which node has which is the list's to know. The volume
// has no name, so that the engine removes it with the last container that has it, also when nobody else is left to.
type diskCarrier struct {
	there     chan struct{} // closed when there is such a container
	container string        // its identifier
}

// newDiskCarrier is nil for a topology without disks.
func newDiskCarrier(topology harness.Topology) *diskCarrier {
	if len(topology.Disks) == 0 {
		return nil
	}
	return &diskCarrier{there: make(chan struct{})}
}

// isThere says that the container has been created.
func (c *diskCarrier) isThere(_ context.Context, container string) error {
	c.container = container
	close(c.there)
	return nil
}

// carryDisks has the observer's container bring the disks' volume along, in a lab that has disks.
func (l *Lab) carryDisks(node string, config *container.Config) (created []func(context.Context, string) error) {
	if l.carrier == nil || node != harness.VantageObserver {
		return nil
	}
	config.Volumes = map[string]struct{}{agent.DisksFolder: {}}
	return []func(context.Context, string) error{l.carrier.isThere}
}

// shareDisks gives a system's container the volume of the lab's disks, if one may be attached to it.
func (l *Lab) shareDisks(ctx context.Context, system harness.System, host *container.HostConfig) error {
	if l.carrier == nil || !system.TakesDisks() {
		return nil
	}
	select {
	case <-l.carrier.there:
	case <-ctx.Done():
		return fmt.Errorf("wait for the disks' volume: %w", context.Cause(ctx))
	}
	// The node's own volumes come last, and so win where both have one.
	host.VolumesFrom = append([]string{l.carrier.container}, host.VolumesFrom...)
	if system.SystemDisk == 0 {
		engine.UseDisks(host)
	}
	return nil
}

// installDisks gives a system that was just put on its node the disks that the node has: its own, which is
// made, and those that are attached to it.
func (n *node) installDisks(ctx context.Context) error {
	if n.System.SystemDisk > 0 {
		if err := n.agent.InstallDisk(ctx, n.System.SystemDisk); err != nil {
			return err
		}
	}
	for _, disk := range n.lab.disks.On(n.Name) {
		if err := n.agent.AttachDisk(ctx, disk); err != nil {
			return err
		}
	}
	return nil
}

// AttachDisk has the provider attach a disk to a node.
func (l *Lab) AttachDisk(ctx context.Context, disk, name string) error {
	return l.disks.Attach(disk, name, func(disk harness.Disk) error {
		node, err := l.node(name)
		if err != nil {
			return err
		}
		return node.agent.AttachDisk(ctx, disk)
	})
}

// DetachDisk has the provider take a disk away from the node it is attached to.
func (l *Lab) DetachDisk(ctx context.Context, disk string) error {
	return l.disks.Detach(disk, func(disk harness.Disk, name string) error {
		node, err := l.node(name)
		if err != nil {
			return err
		}
		return node.agent.DetachDisk(ctx, disk.Name)
	})
}
