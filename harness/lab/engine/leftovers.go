package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// leftovers are the things on the engine that carry the label of a lab.
type leftovers struct {
	containers, networks, volumes []leftover
}

type leftover struct {
	id, name, lab string
	created       time.Time
	running       bool // containers only, see lookedAfter
}

// abandoned keeps what belongs to labs that neither run nor are just being brought up.
func (l leftovers) abandoned(now time.Time, age time.Duration) leftovers {
	alive := map[string]bool{}
	for _, things := range [][]leftover{l.containers, l.networks, l.volumes} {
		for _, thing := range things {
			if thing.running || now.Sub(thing.created) < age {
				alive[thing.lab] = true
			}
		}
	}
	gone := func(thing leftover) bool { return alive[thing.lab] }
	return leftovers{
		containers: slices.DeleteFunc(slices.Clone(l.containers), gone),
		networks:   slices.DeleteFunc(slices.Clone(l.networks), gone),
		volumes:    slices.DeleteFunc(slices.Clone(l.volumes), gone),
	}
}

// findLeftovers lists what carries the label of a lab, and the given labels ("key=value") as well. What could not be
// listed is in the error; the rest is in the result either way.
func findLeftovers(ctx context.Context, engine cleanEngine, labels ...string) (found leftovers, problems error) {
	ours := make(client.Filters).Add("label", append(labels, LabelLab)...)
	containers, err := engine.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ours})
	if err != nil {
		problems = errors.Join(problems, fmt.Errorf("list the containers of labs: %w", err))
	}
	for _, one := range containers.Items {
		found.containers = append(found.containers, leftover{
			id: one.ID, name: containerName(one), lab: one.Labels[LabelLab],
			created: time.Unix(one.Created, 0), running: lookedAfter(one.State),
		})
	}
	networks, err := engine.NetworkList(ctx, client.NetworkListOptions{Filters: ours})
	if err != nil {
		problems = errors.Join(problems, fmt.Errorf("list the networks of labs: %w", err))
	}
	for _, one := range networks.Items {
		found.networks = append(found.networks, leftover{id: one.ID, name: one.Name, lab: one.Labels[LabelLab], created: one.Created})
	}
	volumes, err := engine.VolumeList(ctx, client.VolumeListOptions{Filters: ours})
	if err != nil {
		problems = errors.Join(problems, fmt.Errorf("list the volumes of labs: %w", err))
	}
	for _, one := range volumes.Items {
		created, _ := time.Parse(time.RFC3339, one.CreatedAt) // what has no age is as old as can be
		found.volumes = append(found.volumes, leftover{id: one.Name, name: one.Name, lab: one.Labels[LabelLab], created: created})
	}
	return found, problems
}

// lookedAfter tells whether somebody looks after the container: what it was made for, or the engine that
// is just taking it away.
func lookedAfter(state container.ContainerState) bool {
	return slices.Contains([]container.ContainerState{
		container.StateRunning, container.StatePaused, container.StateRestarting, container.StateRemoving,
	}, state)
}

func containerName(summary container.Summary) string {
	if len(summary.Names) == 0 {
		return summary.ID
	}
	return strings.TrimPrefix(summary.Names[0], "/")
}

// engineTime is the engine's clock, which is what creation times are read from.
func engineTime(ctx context.Context, engine cleanEngine) (time.Time, error) {
	info, err := engine.Info(ctx, client.InfoOptions{})
	if err != nil {
		return time.Time{}, fmt.Errorf("ask the engine for the time: %w", err)
	}
	now, err := time.Parse(time.RFC3339, info.Info.SystemTime)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the engine's time: %w", err)
	}
	return now, nil
}
