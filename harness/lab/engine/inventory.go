package engine

import (
	"context"
	"fmt"

	"github.com/moby/moby/client"
)

// An Inventory is everything the engine holds at one moment, whoever made it: two of them show what
// has come and gone in between.
type Inventory struct {
	Containers, Networks, Volumes []Item
}

// An Item is one thing on the engine.
type Item struct {
	ID      string
	Name    string
	Run     string   // the run whose lab made it, see [LabelRun]; "" when no lab did, and for volumes that an image asked for
	Node    string   // of the lab that a container or a volume stands for, see [LabelNode]; "" for all others
	Image   string   // name of the image of ours that a container was made from, a build's own included; "" for all others
	Volumes []string // names of the volumes that a container mounts; nil for other things
}

// TakeInventory lists the engine's containers, running or not, its networks and its volumes.
func TakeInventory(ctx context.Context, engine *Engine) (Inventory, error) {
	var found Inventory
	containers, err := engine.ContainerList(ctx, client.ContainerListOptions{All: true})
	if err != nil {
		return found, fmt.Errorf("list the containers: %w", err)
	}
	for _, one := range containers.Items {
		item := Item{
			ID: one.ID, Name: containerName(one), Run: one.Labels[LabelRun],
			Node: one.Labels[LabelNode], Image: one.Labels[LabelImage],
		}
		for _, mount := range one.Mounts {
			if mount.Name != "" {
				item.Volumes = append(item.Volumes, mount.Name)
			}
		}
		found.Containers = append(found.Containers, item)
	}
	networks, err := engine.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return found, fmt.Errorf("list the networks: %w", err)
	}
	for _, one := range networks.Items {
		found.Networks = append(found.Networks, Item{ID: one.ID, Name: one.Name, Run: one.Labels[LabelRun]})
	}
	volumes, err := engine.VolumeList(ctx, client.VolumeListOptions{})
	if err != nil {
		return found, fmt.Errorf("list the volumes: %w", err)
	}
	for _, one := range volumes.Items {
		found.Volumes = append(found.Volumes, Item{ID: one.Name, Name: one.Name, Run: one.Labels[LabelRun]})
	}
	return found, nil
}

// KillContainer ends a container's first process at once, and so all others: as the kernel does that is out of memory.
func KillContainer(ctx context.Context, engine *Engine, id string) error {
	if _, err := engine.ContainerKill(ctx, id, client.ContainerKillOptions{Signal: "KILL"}); err != nil {
		return fmt.Errorf("kill container %s: %w", id, err)
	}
	return nil
}
