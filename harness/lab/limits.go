package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
)

// hasSystem tells whether the node has its system's container beside its agent's. A node that is not there yet has none.
func (n *node) hasSystem() bool { return n != nil && n.agent != nil && len(n.containers) > 1 }

// limitsReached counts since the lab started, whatever containers the system has had.
func (n *node) limitsReached(ctx context.Context) (agent.LimitsReached, error) {
	reached, err := n.agent.LimitsReached(ctx)
	reached.MemoryKills += n.reachedBefore.MemoryKills
	reached.ProcessesRefused += n.reachedBefore.ProcessesRefused
	return reached, err
}

// noteLimits keeps what is known of the limits that the node's system has reached: the counters go with its container. A node
// that does not answer is a loss, which is told elsewhere.
func (n *node) noteLimits(ctx context.Context) {
	if !n.hasSystem() {
		return
	}
	if reached, err := n.limitsReached(ctx); err == nil {
		n.reachedBefore = reached
	}
}

// limitsReached are sentences about the limits that systems have reached since the lab started.
func (l *Lab) limitsReached(ctx context.Context) []string {
	var said []string
	for _, described := range l.topology.Nodes {
		node := l.nodes[described.Name]
		if !node.hasSystem() {
			continue
		}
		reached, err := node.limitsReached(ctx)
		if err != nil {
			continue // as above
		}
		limits := described.System.Limits.OrDefault()
		if reached.MemoryKills > 0 {
			said = append(said, fmt.Sprintf("%s has reached its limit of %d MiB of memory, and the kernel has killed for it %s: no fault "+
				"did that; give it more in its topology (Limits.Memory)", described.Name, limits.Memory>>20, times(reached.MemoryKills)))
		}
		if reached.ProcessesRefused > 0 {
			said = append(said, fmt.Sprintf("%s has reached its limit of %d processes, and the kernel has refused another %s: no fault "+
				"did that; give it more in its topology (Limits.Processes)", described.Name, limits.Processes,
				times(reached.ProcessesRefused)))
		}
	}
	return said
}

func times(count int) string {
	if count == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", count)
}

// CutLogs are sentences about the systems whose log is not whole any more: they have printed more than their limit.
func (l *Lab) CutLogs(ctx context.Context) ([]string, error) {
	var said []string
	for _, described := range l.topology.Nodes {
		node := l.nodes[described.Name]
		if !node.hasSystem() {
			continue
		}
		first, err := node.logBeginning(ctx)
		if err != nil {
			return nil, err
		}
		if isCut(first) {
			said = append(said, fmt.Sprintf("the log of %s is not whole: %s", described.Name, node.cutMarker()))
		}
	}
	return said, nil
}

// cutMarker stands in the place of what a log has lost.
func (n *node) cutMarker() string {
	return fmt.Sprintf("[what was printed before this is gone: the log's limit of %d KiB was reached (Limits.Log)]",
		n.System.Limits.OrDefault().Log>>10)
}

// logBeginning is the oldest line that the engine has of what the system has printed; zero when it has printed nothing.
func (n *node) logBeginning(ctx context.Context) (harness.LogLine, error) {
	ctx, cancel := context.WithCancel(ctx) // ends the engine's answer, of which the beginning is enough
	defer cancel()
	logs, err := n.systemLogs(ctx, time.Time{})
	if err != nil {
		return harness.LogLine{}, err
	}
	defer logs.Close()
	reader, writer := io.Pipe()
	go func() {
		_, err := stdcopy.StdCopy(writer, writer, logs)
		writer.CloseWithError(err)
	}()
	defer reader.Close()
	first, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return harness.LogLine{}, fmt.Errorf("read how the log of %s begins: %w", n.Name, err)
	}
	if lines := parseLog(first); len(lines) > 0 {
		return lines[0], nil
	}
	return harness.LogLine{}, nil
}

// isCut tells by its oldest line whether the engine has thrown away the beginning of a log: it does not begin as a supervisor's
// does.
func isCut(first harness.LogLine) bool {
	return !first.At.IsZero() && !strings.Contains(first.Text, agent.LogBeginning)
}

// markCut takes the supervisor's line from the beginning of a log, and puts one there that says what is missing of what was
// printed since a moment.
func (n *node) markCut(ctx context.Context, since time.Time, lines []harness.LogLine) ([]harness.LogLine, error) {
	if len(lines) > 0 && strings.Contains(lines[0].Text, agent.LogBeginning) {
		return lines[1:], nil
	}
	first, err := n.logBeginning(ctx)
	if err != nil || !isCut(first) || !since.Before(first.At) {
		return lines, err // what is gone is older than what was asked for
	}
	return slices.Insert(lines, 0, harness.LogLine{At: first.At, Text: n.cutMarker()}), nil
}
