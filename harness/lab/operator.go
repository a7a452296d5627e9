package lab

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"golang.org/x/sync/errgroup"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/internal/redact"
)

// Addresses are the addresses the node has now.
func (l *Lab) Addresses(name string) (harness.Addresses, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	addresses, ok := l.addresses[name]
	if !ok {
		return harness.Addresses{}, fmt.Errorf("find node %q: lab %s has no such node", name, l.topology.Name)
	}
	return addresses, nil
}

// Dial opens a connection from inside a node's network namespace.
func (l *Lab) Dial(ctx context.Context, from, network, address string) (net.Conn, error) {
	node, err := l.node(from)
	if err != nil {
		return nil, err
	}
	return node.agent.Dial(ctx, network, address)
}

// StartCheck has the agent of a node ask a check at a fixed rate.
func (l *Lab) StartCheck(
	ctx context.Context, from string, check harness.Check, schedule harness.Schedule, samples func([]harness.Sample),
) (harness.CheckStream, error) {
	node, err := l.node(from)
	if err != nil {
		return nil, err
	}
	return node.agent.StartCheck(ctx, check, schedule, samples)
}

// Usage is what the agent of a node has used of its machine since it started.
func (l *Lab) Usage(ctx context.Context, name string) (agent.Usage, error) {
	node, err := l.node(name)
	if err != nil {
		return agent.Usage{}, err
	}
	return node.agent.Usage(ctx)
}

// Start starts the node's main process.
func (l *Lab) Start(ctx context.Context, name string) error {
	node, err := l.node(name)
	if err != nil {
		return err
	}
	return node.agent.Start(ctx)
}

// Stop asks the node's main process to end, and kills it after the system's StopTimeout.
func (l *Lab) Stop(ctx context.Context, name string) error {
	node, err := l.node(name)
	if err != nil {
		return err
	}
	return node.agent.Stop(ctx, node.System.StopSignal, node.System.StopTimeout)
}

// PowerOn presses the power button of a node that is off.
func (l *Lab) PowerOn(ctx context.Context, name string) error {
	node, err := l.node(name)
	if err != nil {
		return err
	}
	return node.agent.PowerOn(ctx)
}

// PowerOff holds the power button of a node: its links go down first, so that nobody hears its end.
func (l *Lab) PowerOff(ctx context.Context, name string) error {
	if _, err := l.node(name); err != nil {
		return err
	}
	_, err := l.Apply(ctx, []harness.NodeActions{{Node: name, Actions: []harness.Action{
		{Link: &harness.Link{Up: false}}, {Signal: &harness.Signal{Name: "KILL", All: true}},
	}}})
	if err != nil {
		return fmt.Errorf("power off %s: %w", name, err)
	}
	return nil
}

// Reinstall puts a fresh system in the place of the node's, and switches it on.
func (l *Lab) Reinstall(ctx context.Context, name string) error {
	node, err := l.node(name)
	if err != nil {
		return err
	}
	if len(node.containers) < 2 {
		return fmt.Errorf("reinstall %s: it runs no system", name)
	}
	if err := l.reinstall(ctx, node); err != nil {
		return fmt.Errorf("reinstall %s: %w", name, err)
	}
	return nil
}

func (l *Lab) reinstall(ctx context.Context, node *node) error {
	if err := l.switchOff(ctx, node); err != nil {
		return err
	}
	node.noteLimits(ctx)
	if err := node.removeContainer(ctx, node.containers[1]); err != nil {
		return err
	}
	node.containers = node.containers[:1]
	if err := node.install(ctx); err != nil {
		return err
	}
	// Off and on, so that nothing of the old system is left in the network either.
	if err := l.switchOff(ctx, node); err != nil {
		return err
	}
	return node.agent.PowerOn(ctx)
}

// switchOff kills every process of a node's system, which then counts as a machine without power.
func (l *Lab) switchOff(ctx context.Context, node *node) error {
	_, err := l.Apply(ctx, []harness.NodeActions{{
		Node: node.Name, Actions: []harness.Action{{Signal: &harness.Signal{Name: "KILL", All: true}}},
	}})
	return err
}

// Status tells whether the node's main process runs.
func (l *Lab) Status(ctx context.Context, name string) (harness.SystemStatus, error) {
	node, err := l.node(name)
	if err != nil {
		return harness.SystemStatus{}, err
	}
	return node.agent.Status(ctx)
}

// Log returns what the node's system has printed since a moment, oldest line first, without the secrets of the topology.
func (l *Lab) Log(ctx context.Context, name string, since time.Time) ([]harness.LogLine, error) {
	node, err := l.node(name)
	if err != nil {
		return nil, err
	}
	logs, err := node.systemLogs(ctx, since)
	if err != nil {
		return nil, err
	}
	defer logs.Close()
	var output bytes.Buffer
	if _, err := stdcopy.StdCopy(&output, &output, logs); err != nil {
		return nil, fmt.Errorf("read the log of %s: %w", name, err)
	}
	lines, err := node.markCut(ctx, since, parseLog(output.String()))
	return redact.Value(lines), err
}

// parseLog splits the engine's "<time> <text>" lines, however long they are. What has no time stamp continues the line above.
func parseLog(output string) []harness.LogLine {
	var lines []harness.LogLine
	for line := range strings.Lines(output) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		stamp, text, _ := strings.Cut(line, " ")
		at, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil {
			if len(lines) > 0 {
				lines[len(lines)-1].Text += "\n" + line
			}
			continue
		}
		lines = append(lines, harness.LogLine{At: at, Text: joined(text)})
	}
	slices.SortStableFunc(lines, func(a, b harness.LogLine) int { return a.At.Compare(b.At) })
	return lines
}

const (
	// logPiece is into how long pieces the engine cuts a line. It puts a time stamp before each.
	logPiece = 16 << 10
	// logStamp is such a stamp, which the engine writes in its own time zone: UTC.
	logStamp = "2006-01-02T15:04:05.000000000Z "
)

// joined is a line without the time stamps of its pieces but the first.
func joined(text string) string {
	var whole strings.Builder
	for len(text) >= logPiece+len(logStamp) {
		stamp := text[logPiece : logPiece+len(logStamp)]
		if _, err := time.Parse(logStamp, stamp); err != nil {
			break
		}
		whole.WriteString(text[:logPiece])
		text = text[logPiece+len(logStamp):]
	}
	whole.WriteString(text)
	return whole.String()
}

// everyNode runs an action on every node at once, the observer included.
func (l *Lab) everyNode(ctx context.Context, do func(context.Context, *node) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, name := range slices.Sorted(maps.Keys(l.nodes)) {
		group.Go(func() error { return do(ctx, l.nodes[name]) })
	}
	return group.Wait()
}
