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

// ErrUnfit is an engine that cannot run nodes that run containers of their own: it does not grant a
// capability, or its kernel lacks a feature. `make doctor` says the same.
var ErrUnfit = errors.New("this engine cannot run nodes that run containers of their own")

// trialDisk is where the trial has a volume.
const trialDisk = "/trial"

// fitness remembers, by the capabilities that were asked for, how the trial ended in this process.
var fitness struct {
	sync.Mutex
	known map[string]error
}

// fit tries what the topology asks of the engine and not every engine can do. An error wraps [ErrUnfit].
func (l *Lab) fit(ctx context.Context, agentImage string) error {
	var capabilities []string
	wanted := false
	for _, node := range l.topology.Nodes {
		if node.System.Containers {
			capabilities, wanted = append(capabilities, node.System.Capabilities...), true
		}
	}
	if !wanted {
		return nil
	}
	slices.Sort(capabilities)
	capabilities = slices.Compact(capabilities)
	fitness.Lock()
	defer fitness.Unlock()
	key := l.engine.DaemonHost() + " " + strings.Join(capabilities, " ")
	if err, known := fitness.known[key]; known {
		return err
	}
	err := tryContainers(ctx, l.engine, agentImage, capabilities, l.labels(""))
	if ctx.Err() != nil {
		return err // the trial was broken off: it says nothing
	}
	if fitness.known == nil {
		fitness.known = map[string]error{}
	}
	fitness.known[key] = err
	return err
}

// tryContainers runs the agent's trial in a container like those of the nodes, and takes it away again.
func tryContainers(ctx context.Context, engine *client.Client, agentImage string, capabilities []string, labels map[string]string) (err error) {
	system := harness.System{Capabilities: capabilities, Containers: true, Volumes: []string{trialDisk}}
	config := &container.Config{Image: agentImage, Labels: labels, Entrypoint: agent.TrialEntrypoint(trialDisk), Volumes: volumes(system)}
	host := &container.HostConfig{NetworkMode: "none", SecurityOpt: []string{"apparmor=unconfined"}}
	furnish(system, host)
	id, remove, err := createForTrial(ctx, engine, config, host)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnfit, err)
	}
	defer func() { err = errors.Join(err, remove()) }()
	waiting := engine.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionNextExit})
	_, err = engine.ContainerStart(ctx, id, client.ContainerStartOptions{})
	if ctx.Err() != nil {
		return fmt.Errorf("try what the engine can do: %w", context.Cause(ctx))
	}
	if err != nil {
		return fmt.Errorf("%w: with the capabilities %s, it says: %w", ErrUnfit, strings.Join(capabilities, " "), err)
	}
	select {
	case ended := <-waiting.Result:
		if ended.StatusCode == 0 {
			return nil
		}
		return fmt.Errorf("%w: %s", ErrUnfit, lastWords(ctx, engine, id))
	case err := <-waiting.Error:
		return fmt.Errorf("wait for the trial of the engine: %w", err)
	}
}

// lastWords is what a container that has ended printed.
func lastWords(ctx context.Context, engine *client.Client, id string) string {
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
