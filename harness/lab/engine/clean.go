package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// cleanEngine is the little that cleaning up needs of a container engine.
type cleanEngine interface {
	ContainerList(ctx context.Context, options client.ContainerListOptions) (client.ContainerListResult, error)
	ContainerRemove(ctx context.Context, id string, options client.ContainerRemoveOptions) (client.ContainerRemoveResult, error)
	NetworkList(ctx context.Context, options client.NetworkListOptions) (client.NetworkListResult, error)
	NetworkRemove(ctx context.Context, id string, options client.NetworkRemoveOptions) (client.NetworkRemoveResult, error)
	VolumeList(ctx context.Context, options client.VolumeListOptions) (client.VolumeListResult, error)
	VolumeRemove(ctx context.Context, id string, options client.VolumeRemoveOptions) (client.VolumeRemoveResult, error)
	Info(ctx context.Context, options client.InfoOptions) (client.SystemInfoResult, error)
}

// sweepAge is how old a lab's leftovers have to be before another run removes them: between the
// creation of a lab's networks and its first running container there are only seconds.
const sweepAge = 2 * time.Minute

// sweepAgeAlone is the same where only another machine that uses the engine could be bringing a lab up.
const sweepAgeAlone = 3 * time.Second

// Removed tells what a cleaning took away, by name.
type Removed struct {
	Containers, Networks, Volumes, Images []string
	Processes, Files                      []string // on this machine
}

// Empty tells whether there was nothing to remove.
func (r Removed) Empty() bool {
	return len(r.Containers)+len(r.Networks)+len(r.Volumes)+len(r.Images)+len(r.Processes)+len(r.Files) == 0
}

// Clean removes every container, network and volume that any lab has created, whatever its age and
// whether or not it is in use: the labs of a run that is still going on included. What it could not
// remove is in the error; the rest is in the result either way.
func Clean(ctx context.Context, engine *Engine) (Removed, error) { return clean(ctx, engine) }

// CleanRun is [Clean] for the labs of one run, see [LabelRun]. An engine that cannot be reached, or does not answer, is asked
// again until the context ends: nobody else removes what a run has left.
func CleanRun(ctx context.Context, engine *Engine, run string) (Removed, error) {
	return untilReached(ctx, func() (Removed, error) { return clean(ctx, engine, LabelRun+"="+run) })
}

func untilReached(ctx context.Context, clean func() (Removed, error)) (removed Removed, err error) {
	for {
		found, err := clean()
		removed.Containers = append(removed.Containers, found.Containers...)
		removed.Networks = append(removed.Networks, found.Networks...)
		removed.Volumes = append(removed.Volumes, found.Volumes...)
		if err == nil || !unreached(err) {
			return removed, err
		}
		select {
		case <-ctx.Done():
			return removed, err
		case <-time.After(reachEvery):
		}
	}
}

// unreached tells whether an error says that the engine could not be reached, did not answer, or went while it was asked.
func unreached(err error) bool {
	var hung *HungError
	var broken *net.OpError // what the client does not call a failed connection: one that was reset
	return client.IsErrConnectionFailed(err) || errors.As(err, &hung) || errors.As(err, &broken) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// clean removes what carries all of the labels besides that of a lab.
func clean(ctx context.Context, engine cleanEngine, labels ...string) (Removed, error) {
	found, problems := findLeftovers(ctx, engine, labels...)
	removed, err := remove(ctx, engine, found)
	return removed, errors.Join(problems, err)
}

// Sweep removes what labs have left whose harness is gone: containers, networks and volumes of
// labs that have no running container any more and are older than two minutes. A lab that runs is
// left alone, also one that was kept for a person to look at.
func Sweep(ctx context.Context, engine *Engine) error { return sweep(ctx, engine, sweepAge) }

// SweepAlone is [Sweep] for who has taken the engine exclusively, and does not wait until what is left is old: nobody else
// on this machine is bringing a lab up.
func SweepAlone(ctx context.Context, engine *Engine) error { return sweep(ctx, engine, sweepAgeAlone) }

func sweep(ctx context.Context, engine cleanEngine, age time.Duration) error {
	found, err := findLeftovers(ctx, engine)
	if err != nil {
		return err
	}
	if len(found.containers)+len(found.networks)+len(found.volumes) == 0 {
		return nil
	}
	now, err := engineTime(ctx, engine)
	if err != nil {
		return err
	}
	if _, err := remove(ctx, engine, found.abandoned(now, age)); err != nil {
		return fmt.Errorf("sweep up after labs that are gone: %w", err)
	}
	return nil
}

// remove takes containers away first: networks and volumes cannot go while they are in use.
func remove(ctx context.Context, engine cleanEngine, found leftovers) (removed Removed, err error) {
	for _, kind := range []struct {
		noun   string
		things []leftover
		remove func(context.Context, string) error
		gone   *[]string
	}{
		{"container", found.containers, func(ctx context.Context, id string) error {
			_, err := engine.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
			return err
		}, &removed.Containers},
		{"network", found.networks, func(ctx context.Context, id string) error {
			_, err := engine.NetworkRemove(ctx, id, client.NetworkRemoveOptions{})
			return err
		}, &removed.Networks},
		{"volume", found.volumes, func(ctx context.Context, id string) error {
			_, err := engine.VolumeRemove(ctx, id, client.VolumeRemoveOptions{Force: true})
			return err
		}, &removed.Volumes},
	} {
		gone, refused := removeAll(ctx, kind.noun, kind.things, kind.remove)
		*kind.gone, err = gone, errors.Join(err, refused)
	}
	return removed, err
}

// removeAll removes things of one kind and comes back to those that the engine refuses to remove, until it has let go of none
// for removeLimit. It refuses while it removes the same thing, or one that uses it, of its own accord, and while another of
// them still depends on it: Podman keeps an agent's container as long as its system's is there.
func removeAll(
	ctx context.Context, noun string, things []leftover, remove func(context.Context, string) error,
) (gone []string, err error) {
	limited, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	stuck := time.AfterFunc(removeLimit, func() { giveUp(&HungError{"remove a " + noun, removeLimit}) })
	defer stuck.Stop()
	ticker := time.NewTicker(removeEvery)
	defer ticker.Stop()
	refusals := map[string]error{}
	for {
		things = slices.DeleteFunc(slices.Clone(things), func(thing leftover) bool {
			err := remove(limited, thing.id)
			if err == nil || errdefs.IsNotFound(err) {
				gone = append(gone, thing.name)
				stuck.Reset(removeLimit)
				return true
			}
			// A call that was broken off says less than the refusals before it. The limit is read once: it may be reached
			// while this looks at a refusal that came in time.
			if limited.Err() == nil {
				refusals[thing.id] = err
			} else if refusals[thing.id] == nil {
				refusals[thing.id] = CauseOf(limited, err)
			}
			return false
		})
		if len(things) == 0 {
			return gone, nil
		}
		select {
		case <-limited.Done():
			for _, thing := range things {
				err = errors.Join(err, fmt.Errorf("remove %s %s: %w", noun, thing.name, refusals[thing.id]))
			}
			return gone, err
		case <-ticker.C:
		}
	}
}

// RemoveContainer ends a container and waits until the engine has forgotten it.
func RemoveContainer(ctx context.Context, engine *Engine, id string) error {
	ctx, cancel := context.WithTimeout(ctx, removeLimit)
	defer cancel()
	ticker := time.NewTicker(removeEvery)
	defer ticker.Stop()
	for {
		_, err := engine.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		if errdefs.IsNotFound(err) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-ticker.C:
		}
	}
}

// Runs names the runs that have a lab running on the engine at the moment, sorted: drills of two runs
// would disturb each other's figures, and labs of the same topology cannot exist twice.
func Runs(ctx context.Context, engine *Engine) ([]string, error) { return runs(ctx, engine) }

func runs(ctx context.Context, engine cleanEngine) ([]string, error) {
	listed, err := engine.ContainerList(ctx, client.ContainerListOptions{Filters: make(client.Filters).Add("label", LabelLab,
		LabelRun)})
	if err != nil {
		return nil, fmt.Errorf("list the labs that run: %w", err)
	}
	var names []string
	for _, one := range listed.Items {
		names = append(names, one.Labels[LabelRun])
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
