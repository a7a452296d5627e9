package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// ErrUnfit is an engine that cannot run some kind of node: it does not grant a capability, or its kernel
// lacks a feature. `make doctor` says the same.
var ErrUnfit = errors.New("this engine cannot run nodes")

// trialLimit is for one trial, on a machine with two starved cores.
const trialLimit = time.Minute

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

// Try tries what the topology asks of the engine and not every engine can do, each once in a process. What it creates
// for that carries the labels. An error wraps [ErrUnfit].
func Try(
	ctx context.Context, connection *engine.Engine, topology harness.Topology, agentImage string, labels map[string]string,
) error {
	for _, trial := range trials() {
		capabilities, wanted := harness.Capabilities{}, false
		for _, node := range topology.Nodes {
			if trial.wanted(topology, node.System) {
				capabilities, wanted = capabilities.With(node.System.Capabilities), true
			}
		}
		if !wanted {
			continue
		}
		if err := trial.once(ctx, connection, agentImage, capabilities, labels); err != nil {
			return err
		}
	}
	return nil
}

// once runs a trial, once for all labs of this process.
func (t trial) once(
	ctx context.Context, connection *engine.Engine, agentImage string, capabilities harness.Capabilities, labels map[string]string,
) error {
	fitness.Lock()
	defer fitness.Unlock()
	key := strings.Join(append([]string{connection.DaemonHost(), t.kind}, capabilities.Names()...), " ")
	if err, known := fitness.known[key]; known {
		return err
	}
	err := t.run(ctx, connection, agentImage, capabilities, labels)
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
	ctx context.Context, connection *engine.Engine, agentImage string, capabilities harness.Capabilities, labels map[string]string,
) (err error) {
	system := t.furnished
	system.Capabilities, system.Volumes = capabilities, []string{trialDisk}
	config := &container.Config{Image: agentImage, Labels: labels, Entrypoint: t.entrypoint, Volumes: engine.Volumes(system)}
	host := &container.HostConfig{NetworkMode: "none", SecurityOpt: []string{"apparmor=unconfined"}}
	all := harness.Topology{}.CapabilitiesOf(harness.Node{System: system})
	engine.ConfigureContainer(system, all, host)
	id, remove, err := createForTrial(ctx, connection, config, host, nil)
	if err != nil {
		return fmt.Errorf("%w %s: %w", ErrUnfit, t.kind, err)
	}
	defer func() { err = errors.Join(err, remove()) }()
	status, words, err := runToEnd(ctx, connection, id, "try what nodes "+t.kind+" need")
	if _, isRefused := errors.AsType[*refusedError](err); isRefused {
		names := strings.Join(capabilities.Names(), " ")
		return fmt.Errorf("%w %s: with the capabilities %s, it says: %w", ErrUnfit, t.kind, names, err)
	}
	if err != nil {
		return err
	}
	return t.outcome(status, words)
}

// A refusedError is an engine that does not start a container.
type refusedError struct{ error }

func (e *refusedError) Error() string { return "start a container: " + e.error.Error() }

// Unwrap is what the engine says.
func (e *refusedError) Unwrap() error { return e.error }

// runToEnd starts a container that was created and waits until it ends, in itself or because it takes too long; it says with what
// status, and what it has printed.
func runToEnd(ctx context.Context, connection *engine.Engine, id, asked string) (status int64, words string, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, trialLimit, &engine.HungError{Asked: asked, Limit: trialLimit})
	defer cancel()
	waiting := connection.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionNextExit})
	_, err = connection.ContainerStart(ctx, id, client.ContainerStartOptions{})
	if ctx.Err() != nil {
		return 0, "", fmt.Errorf("try what the engine can do: %w", context.Cause(ctx))
	}
	if err != nil {
		return 0, "", &refusedError{err}
	}
	select {
	case ended := <-waiting.Result:
		return ended.StatusCode, lastWords(ctx, connection, id), nil
	case err := <-waiting.Error:
		return 0, "", fmt.Errorf("wait for the trial of the engine: %w", err)
	}
}

// createForTrial creates a container that shows what the engine can do; networks is nil but for one in a network. Its removal
// works whatever became of it, and of the context.
func createForTrial(
	ctx context.Context, connection *engine.Engine, config *container.Config, host *container.HostConfig,
	networks *network.NetworkingConfig,
) (id string, remove func() error, err error) {
	created, err := connection.ContainerCreate(ctx, client.ContainerCreateOptions{
		Name: "reprise-trial-" + strings.ToLower(rand.Text()[:8]), Config: config, HostConfig: host, NetworkingConfig: networks,
	})
	if err != nil {
		return "", nil, fmt.Errorf("create a container: %w", err)
	}
	return created.ID, func() error {
		return engine.RemoveContainer(context.WithoutCancel(ctx), connection, created.ID)
	}, nil
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
func lastWords(ctx context.Context, connection *engine.Engine, id string) string {
	logs, err := connection.ContainerLogs(ctx, id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true})
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
