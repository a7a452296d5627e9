package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
)

// ErrUnfit is an engine that cannot run some kind of node: it does not grant a capability, or its kernel
// lacks a feature. `make doctor` says the same.
var ErrUnfit = errors.New("this engine cannot run nodes")

// trialDisk is where the trial has a volume.
const trialDisk = "/trial"

// A trial tries what nodes of one kind ask of the engine and not every engine can do.
type trial struct {
	kind       string // continues "nodes"
	wanted     func(harness.Topology, harness.System) bool
	furnished  harness.System // as those nodes are, but for their capabilities
	entrypoint []string
}

func trials() []trial {
	return []trial{
		{
			kind:       "that run containers of their own",
			wanted:     func(_ harness.Topology, system harness.System) bool { return system.Containers },
			furnished:  harness.System{Containers: true},
			entrypoint: agent.TrialEntrypoint(trialDisk),
		},
		{
			kind: "that have disks",
			wanted: func(topology harness.Topology, system harness.System) bool {
				return system.SystemDisk > 0 || len(topology.Disks) > 0 && system.TakesDisks()
			},
			furnished:  harness.System{SystemDisk: harness.MinimumSystemDisk},
			entrypoint: agent.DisksTrialEntrypoint(trialDisk),
		},
	}
}

// fitness remembers, by what was asked for, how the trial ended in this process.
var fitness struct {
	sync.Mutex
	known map[string]error
}

// fit tries what the topology asks of the engine and not every engine can do. An error wraps [ErrUnfit].
func (l *Lab) fit(ctx context.Context, agentImage string) error {
	for _, trial := range trials() {
		var capabilities []string
		wanted := false
		for _, node := range l.topology.Nodes {
			if trial.wanted(l.topology, node.System) {
				capabilities, wanted = append(capabilities, node.System.Capabilities...), true
			}
		}
		if !wanted {
			continue
		}
		slices.Sort(capabilities)
		if err := l.try(ctx, trial, agentImage, slices.Compact(capabilities)); err != nil {
			return err
		}
	}
	return nil
}

// try runs a trial, once for all labs of this process.
func (l *Lab) try(ctx context.Context, trial trial, agentImage string, capabilities []string) error {
	fitness.Lock()
	defer fitness.Unlock()
	key := strings.Join(append([]string{l.engine.DaemonHost(), trial.kind}, capabilities...), " ")
	if err, known := fitness.known[key]; known {
		return err
	}
	err := trial.run(ctx, l.engine, agentImage, capabilities, l.labels(""))
	if ctx.Err() != nil {
		return err // the trial was broken off: it says nothing
	}
	if fitness.known == nil {
		fitness.known = map[string]error{}
	}
	fitness.known[key] = err
	return err
}

// run has the agent try in a container like those of the nodes, and takes it away again.
func (t trial) run(
	ctx context.Context, engine *Engine, agentImage string, capabilities []string, labels map[string]string,
) (err error) {
	system := t.furnished
	system.Capabilities, system.Volumes = capabilities, []string{trialDisk}
	config := &container.Config{Image: agentImage, Labels: labels, Entrypoint: t.entrypoint, Volumes: volumes(system)}
	host := &container.HostConfig{NetworkMode: "none", SecurityOpt: []string{"apparmor=unconfined"}}
	configureContainer(system, host)
	id, remove, err := createForTrial(ctx, engine, config, host)
	if err != nil {
		return fmt.Errorf("%w %s: %w", ErrUnfit, t.kind, err)
	}
	defer func() { err = errors.Join(err, remove()) }()
	ctx, cancel := context.WithTimeoutCause(ctx, trialLimit, &hungError{"try what nodes " + t.kind + " need", trialLimit})
	defer cancel()
	waiting := engine.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionNextExit})
	_, err = engine.ContainerStart(ctx, id, client.ContainerStartOptions{})
	if ctx.Err() != nil {
		return fmt.Errorf("try what the engine can do: %w", context.Cause(ctx))
	}
	if err != nil {
		return fmt.Errorf("%w %s: with the capabilities %s, it says: %w", ErrUnfit, t.kind, strings.Join(capabilities, " "), err)
	}
	select {
	case ended := <-waiting.Result:
		return t.outcome(ended.StatusCode, lastWords(ctx, engine, id))
	case err := <-waiting.Error:
		return fmt.Errorf("wait for the trial of the engine: %w", err)
	}
}

// signalled is above the exit status of a container's process that was ended by a signal.
const signalled = 128

// outcome tells what the trial has found. One that was killed has found nothing: the engine may well be fit.
func (t trial) outcome(status int64, words string) error {
	switch {
	case status == 0:
		return nil
	case status > signalled:
		return fmt.Errorf("try whether the engine can run nodes %s: the trial was ended by signal %d: try again", t.kind,
			status-signalled)
	}
	return fmt.Errorf("%w %s: %s", ErrUnfit, t.kind, words)
}

// lastWords is what a container that has ended printed.
func lastWords(ctx context.Context, engine *Engine, id string) string {
	logs, err := engine.ContainerLogs(ctx, id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		return err.Error()
	}
	defer logs.Close()
	var output bytes.Buffer
	if _, err := stdcopy.StdCopy(&output, &output, logs); err != nil {
		return err.Error()
	}
	return strings.TrimPrefix(strings.TrimSpace(output.String()), "reprise-agent: ")
}
