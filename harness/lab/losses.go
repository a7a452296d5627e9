package lab

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness"
)

const (
	// lossLimit is how long an engine may take to show that it is there, when agents are gone.
	lossLimit = 5 * time.Second
	// agentsEnd is how soon the end of an agent is known, after that of what it had to end with it.
	agentsEnd = 2 * time.Second
	// fullDisk is the space below which an engine's disk counts as full: writes of systems in its containers fail, or
	// are about to.
	fullDisk = 64 << 20
)

// Losses are the agents and supervisors that are gone, or the engine, if that is why.
func (l *Lab) Losses(ctx context.Context) []harness.Loss {
	var losses []harness.Loss
	for _, name := range slices.Sorted(maps.Keys(l.nodes)) {
		if gone, why := l.nodes[name].agentGone(); gone {
			losses = append(losses, harness.Loss{Part: "the agent of " + name, Why: why})
		} else if why := l.nodes[name].supervisor.Load(); why != nil {
			losses = append(losses, harness.Loss{Part: "the supervisor of " + name, Why: *why})
		}
	}
	if len(losses) == 0 {
		return nil
	}
	return l.orEngine(ctx, losses)
}

// orEngine tells the loss of the engine in the place of those that follow from it. Once an engine was found to be gone
// that explains the agents for ever.
func (l *Lab) orEngine(ctx context.Context, losses []harness.Loss) []harness.Loss {
	l.mu.Lock()
	gone := l.engineGone
	l.mu.Unlock()
	if gone == "" {
		ctx, cancel := context.WithTimeout(ctx, lossLimit)
		defer cancel()
		if _, err := l.engine.ServerVersion(ctx, client.ServerVersionOptions{}); err != nil {
			gone = err.Error()
		}
	}
	if gone == "" {
		return losses
	}
	l.mu.Lock()
	l.engineGone = gone
	l.mu.Unlock()
	return []harness.Loss{{Part: "the container engine at " + l.engine.DaemonHost(), Why: gone}}
}

// agentGone tells whether the agent cannot be reached any more, and why if that is known.
func (n *node) agentGone() (gone bool, why string) {
	if n.agent == nil {
		return false, ""
	}
	select {
	case <-n.agent.Lost():
		return true, "its stream has ended"
	default:
		return false, ""
	}
}

// watchSupervisor notes the end of a container of the node's system. Faults kill what the supervisor has started; it ends itself
// when the system is taken away, with its agent, or when something within the node has killed it.
func (n *node) watchSupervisor(id string) {
	nextEnd := client.ContainerWaitOptions{Condition: container.WaitConditionNextExit}
	ended := n.lab.engine.ContainerWait(context.Background(), id, nextEnd)
	select {
	case <-ended.Error: //nolint:errcheck // the container is gone already, or the engine is, which shows by itself
	case how := <-ended.Result:
		select {
		case <-n.agent.Lost(): // whose end takes everything with it, and is told alone
			return
		case <-time.After(agentsEnd):
		}
		if removed := n.removed.Load(); removed == nil || *removed != id {
			why := fmt.Sprintf("its container has ended with status %d", how.StatusCode)
			n.supervisor.Store(&why)
		}
	}
}

// Shortages say which limits of memory and processes systems have reached, and whether the engine's disk is full. That of an
// engine on another machine cannot be looked at from here.
func (l *Lab) Shortages(ctx context.Context) []string {
	return append(l.limitsReached(ctx), l.diskShortages(ctx)...)
}

func (l *Lab) diskShortages(ctx context.Context) []string {
	if !strings.HasPrefix(l.engine.DaemonHost(), "unix://") {
		return nil
	}
	info, err := l.engine.Info(ctx, client.InfoOptions{})
	if err != nil {
		return nil // an engine that is gone is a loss, and none of what it is short of can be told
	}
	var state syscall.Statfs_t
	if err := syscall.Statfs(info.Info.DockerRootDir, &state); err != nil {
		return nil // its folder is not visible from here: the harness runs in a container of its own
	}
	return diskShortage(info.Info.DockerRootDir, state.Bavail*uint64(state.Bsize)) //nolint:gosec // a block has a positive size
}

// diskShortage is a doubt about everything that writes below a folder with so many free bytes.
func diskShortage(folder string, free uint64) []string {
	if free >= fullDisk {
		return nil
	}
	return []string{fmt.Sprintf("the disk of the container engine is full at the end, with %d KiB free below %s: what failed "+
		"may have failed for that",
		free>>10, folder)}
}
