package leftovers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// waitForQuiet is how long the engine may take to finish what it has already reported as done: its
// helpers end and its mounts go a moment after the last container.
var waitForQuiet = harness.Wait{For: "the engine to finish", Interval: 200 * time.Millisecond, Limit: 15 * time.Second}

// A Look lists what the engine holds.
type Look func(context.Context) (engine.Inventory, error)

// A Stock is what was there at one moment: on the engine and on this machine.
type Stock struct {
	Engine    engine.Inventory
	Processes []Process // those that labs could have to do with
	Mounts    []string  // mount points
}

// Take looks at everything that a lab could leave behind. A remote engine's machine cannot be
// seen: then processes and mounts are this machine's, where only the harness's own could stay.
func Take(ctx context.Context, engine Look) (Stock, error) {
	inventory, err := engine(ctx)
	if err != nil {
		return Stock{}, fmt.Errorf("take stock: %w", err)
	}
	processes, err := labProcesses()
	if err != nil {
		return Stock{}, fmt.Errorf("take stock: %w", err)
	}
	mounts, err := mountPoints()
	if err != nil {
		return Stock{}, fmt.Errorf("take stock: %w", err)
	}
	return Stock{inventory, processes, mounts}, nil
}

// A Remainder is what is there now and was not before.
type Remainder struct {
	Containers, Networks, Volumes, Processes, Mounts []string // by name
	// Strangers are containers of somebody else that came in the meantime: whose a process or a mount
	// is can then not always be told.
	Strangers []string
}

// Await compares with an earlier stock, as soon as nothing is left or the engine has had its time.
func Await(ctx context.Context, engine Look, before Stock, run string) (Remainder, error) {
	var left Remainder
	err := waitForQuiet.Until(ctx, func(ctx context.Context) error {
		now, err := Take(ctx, engine)
		if err != nil {
			return err
		}
		left = Compare(before, now, run)
		return left.problem()
	})
	if left.problem() != nil {
		return left, ctx.Err() // what is left is a finding, not an error
	}
	return left, err
}

// Compare lists by name what came and stayed. Containers that do not carry the run's label are
// strangers', and so is what belongs to them: everything that a lab creates is labelled.
func Compare(before, after Stock, run string) Remainder {
	var left Remainder
	theirs := map[string]bool{} // identifiers of strangers' containers, names of their volumes
	for _, container := range Added(before.Engine.Containers, after.Engine.Containers) {
		if container.Run == run {
			left.Containers = append(left.Containers, container.Name)
			continue
		}
		left.Strangers = append(left.Strangers, container.Name)
		theirs[container.ID] = true
		for _, volume := range container.Volumes {
			theirs[volume] = true
		}
	}
	for _, network := range Added(before.Engine.Networks, after.Engine.Networks) {
		if network.Run == run || network.Run == "" {
			left.Networks = append(left.Networks, network.Name)
		}
	}
	for _, volume := range Added(before.Engine.Volumes, after.Engine.Volumes) {
		if !theirs[volume.Name] && (volume.Run == run || volume.Run == "") {
			left.Volumes = append(left.Volumes, volume.Name)
		}
	}
	for _, process := range after.Processes {
		if !slices.ContainsFunc(before.Processes, process.same) && !theirs[process.container] {
			left.Processes = append(left.Processes, process.String())
		}
	}
	for _, mount := range after.Mounts {
		if !slices.Contains(before.Mounts, mount) {
			left.Mounts = append(left.Mounts, mount)
		}
	}
	return left
}

// Added are the items that were not there before.
func Added(before, after []engine.Item) []engine.Item {
	return slices.DeleteFunc(slices.Clone(after), func(item engine.Item) bool {
		return slices.ContainsFunc(before, func(other engine.Item) bool { return other.ID == item.ID })
	})
}

// problem names everything that is left; nil when nothing is.
func (r Remainder) problem() error {
	var all []string
	for _, names := range [][]string{r.Containers, r.Networks, r.Volumes, r.Processes, r.Mounts} {
		all = append(all, names...)
	}
	if len(all) == 0 {
		return nil
	}
	return fmt.Errorf("left behind: %s", strings.Join(all, ", "))
}
