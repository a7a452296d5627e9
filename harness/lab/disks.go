package lab

import (
	"context"
	"fmt"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
)

// createDisks makes the volume that the content of the topology's disks is on, for one that has any. All
// nodes that may have a disk share it; which node has which is the cabinet's to know.
func (l *Lab) createDisks(ctx context.Context) error {
	if len(l.topology.Disks) == 0 {
		return nil
	}
	name := fmt.Sprintf("reprise-%s-disks", l.ID)
	if _, err := l.engine.VolumeCreate(ctx, client.VolumeCreateOptions{Name: name, Labels: l.labels("")}); err != nil {
		return fmt.Errorf("create a volume for the disks: %w", err)
	}
	l.volume = name
	return nil
}

func (l *Lab) removeDisks(ctx context.Context) error {
	if l.volume == "" {
		return nil
	}
	err := untilGone(ctx, l.volume, func(ctx context.Context, name string) error {
		_, err := l.engine.VolumeRemove(ctx, name, client.VolumeRemoveOptions{Force: true})
		return err
	})
	if err != nil {
		return fmt.Errorf("remove the disks' volume %s: %w", l.volume, err)
	}
	l.volume = ""
	return nil
}

// shareDisks gives a system's container the volume of the lab's disks, if one may be attached to it.
func (l *Lab) shareDisks(system harness.System, host *container.HostConfig) {
	if l.volume == "" || !system.TakesDisks() {
		return
	}
	host.Binds = append(host.Binds, l.volume+":"+agent.DisksFolder)
	if system.SystemDisk == 0 {
		useDisks(host)
	}
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
