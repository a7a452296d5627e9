package main

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

// A look lists what the engine holds.
type look func(context.Context) (engine.Inventory, error)

// A stock is what was there at one moment: on the engine and on this machine.
type stock struct {
	engine    engine.Inventory
	processes []machineProcess // those that labs could have to do with
	mounts    []string         // mount points
}

// takeStock looks at everything that a lab could leave behind. A remote engine's machine cannot be
// seen: then processes and mounts are this machine's, where only the harness's own could stay.
func takeStock(ctx context.Context, engine look) (stock, error) {
	inventory, err := engine(ctx)
	if err != nil {
		return stock{}, fmt.Errorf("take stock: %w", err)
	}
	processes, err := labProcesses()
	if err != nil {
		return stock{}, fmt.Errorf("take stock: %w", err)
	}
	mounts, err := mountPoints()
	if err != nil {
		return stock{}, fmt.Errorf("take stock: %w", err)
	}
	return stock{inventory, processes, mounts}, nil
}

// A remainder is what is there now and was not before.
type remainder struct {
	containers, networks, volumes, processes, mounts []string // by name
	// strangers are containers of somebody else that came in the meantime: whose a process or a mount
	// is can then not always be told.
	strangers []string
}

// whatIsLeft compares with an earlier stock, as soon as nothing is left or the engine has had its time.
func whatIsLeft(ctx context.Context, engine look, before stock, run string) (remainder, error) {
	var left remainder
	err := waitForQuiet.Until(ctx, func(ctx context.Context) error {
		now, err := takeStock(ctx, engine)
		if err != nil {
			return err
		}
		left = compareStocks(before, now, run)
		return left.problem()
	})
	if left.problem() != nil {
		return left, ctx.Err() // what is left is a finding, not an error
	}
	return left, err
}

// compareStocks lists by name what came and stayed. Containers that do not carry the run's label are
// strangers', and so is what belongs to them: everything that a lab creates is labelled.
func compareStocks(before, after stock, run string) remainder {
	var left remainder
	theirs := map[string]bool{} // identifiers of strangers' containers, names of their volumes
	for _, container := range added(before.engine.Containers, after.engine.Containers) {
		if container.Run == run {
			left.containers = append(left.containers, container.Name)
			continue
		}
		left.strangers = append(left.strangers, container.Name)
		theirs[container.ID] = true
		for _, volume := range container.Volumes {
			theirs[volume] = true
		}
	}
	for _, network := range added(before.engine.Networks, after.engine.Networks) {
		if network.Run == run || network.Run == "" {
			left.networks = append(left.networks, network.Name)
		}
	}
	for _, volume := range added(before.engine.Volumes, after.engine.Volumes) {
		if !theirs[volume.Name] && (volume.Run == run || volume.Run == "") {
			left.volumes = append(left.volumes, volume.Name)
		}
	}
	for _, process := range after.processes {
		if !slices.ContainsFunc(before.processes, process.same) && !theirs[process.container] {
			left.processes = append(left.processes, process.String())
		}
	}
	for _, mount := range after.mounts {
		if !slices.Contains(before.mounts, mount) {
			left.mounts = append(left.mounts, mount)
		}
	}
	return left
}

// added are the items that were not there before.
func added(before, after []engine.Item) []engine.Item {
	return slices.DeleteFunc(slices.Clone(after), func(item engine.Item) bool {
		return slices.ContainsFunc(before, func(other engine.Item) bool { return other.ID == item.ID })
	})
}

// problem names everything that is left; nil when nothing is.
func (r remainder) problem() error {
	var all []string
	for _, names := range [][]string{r.containers, r.networks, r.volumes, r.processes, r.mounts} {
		all = append(all, names...)
	}
	if len(all) == 0 {
		return nil
	}
	return fmt.Errorf("left behind: %s", strings.Join(all, ", "))
}
