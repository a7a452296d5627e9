//go:build bench

package bench

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
)

// A bareCluster is a cluster whose nodes are processes of one machine, as an operator sees it: the
// same probes and the same steps work on it as on a lab. What no measurement needs (files, commands)
// is answered by the machine, which knows no such nodes.
type bareCluster struct {
	harness.Operator // the machine
	floor            fixtures.Floor
	ctx              context.Context // of the processes
	end              context.CancelFunc

	mu      sync.Mutex
	running map[string]*bareProcess // the last one of each node
}

// A bareProcess is one run of a node's main process.
type bareProcess struct {
	started time.Time
	done    chan struct{} // closed when it has ended; what follows is set before
	ended   time.Time
	err     error
}

func newBareCluster(machine harness.Operator, floor fixtures.Floor) *bareCluster {
	ctx, end := context.WithCancel(context.Background())
	return &bareCluster{Operator: machine, floor: floor, ctx: ctx, end: end, running: map[string]*bareProcess{}}
}

// close ends all processes and waits for them.
func (b *bareCluster) close() {
	b.end()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, process := range b.running {
		<-process.done
	}
}

// Topology is that of the cluster.
func (b *bareCluster) Topology() harness.Topology { return b.floor.Cluster }

// Addresses are those of the topology: nothing renumbers bare processes.
func (b *bareCluster) Addresses(name string) (harness.Addresses, error) {
	node, ok := b.floor.Cluster.Node(name)
	if !ok {
		return harness.Addresses{}, fmt.Errorf("find node %q: the cluster has no such node", name)
	}
	return harness.Addresses{IPv6: node.IPv6, IPv4: node.IPv4}, nil
}

// Dial opens a connection on the machine. A node's own 127.0.0.1 is its process's loopback address.
func (b *bareCluster) Dial(ctx context.Context, from, network, address string) (net.Conn, error) {
	process, err := b.process(from)
	if err != nil {
		return nil, err
	}
	if target, err := netip.ParseAddrPort(address); err == nil && target.Addr().IsLoopback() {
		address = netip.AddrPortFrom(process.Loopback, target.Port()).String()
	}
	return b.Operator.Dial(ctx, fixtures.FloorNode, network, address)
}

// Start starts a node's process and returns at once: the command is answered when it has ended.
func (b *bareCluster) Start(_ context.Context, name string) error {
	process, err := b.process(name)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if last := b.running[name]; last != nil && !last.hasEnded() {
		return nil
	}
	next := &bareProcess{started: time.Now(), done: make(chan struct{})}
	b.running[name] = next
	script := fmt.Sprintf("echo $$ > %s && exec %s > %s 2>&1", pidFile(name), strings.Join(process.Command, " "), logFile(name))
	go func() {
		defer close(next.done)
		_, next.err = b.Exec(b.ctx, fixtures.FloorNode, "sh", "-c", script)
		next.ended = time.Now()
	}()
	return nil
}

// Stop ends a node's process as the lab would: a signal, and after the system's timeout a kill.
func (b *bareCluster) Stop(ctx context.Context, name string) error {
	node, _ := b.floor.Cluster.Node(name)
	b.mu.Lock()
	process := b.running[name]
	b.mu.Unlock()
	if process == nil || process.hasEnded() {
		return nil
	}
	timer := time.NewTimer(node.System.StopTimeout)
	defer timer.Stop()
	for _, signal := range []string{"TERM", "KILL"} {
		if _, err := b.Exec(ctx, fixtures.FloorNode, "sh", "-c", fmt.Sprintf("kill -%s $(cat %s)", signal, pidFile(name))); err != nil {
			return fmt.Errorf("stop %s: %w", name, err)
		}
		select {
		case <-process.done:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("stop %s: %w", name, ctx.Err())
		case <-timer.C:
		}
	}
	<-process.done // a kill cannot be ignored
	return nil
}

// Status tells whether a node's process runs.
func (b *bareCluster) Status(_ context.Context, name string) (harness.SystemStatus, error) {
	b.mu.Lock()
	process := b.running[name]
	b.mu.Unlock()
	switch {
	case process == nil:
		return harness.SystemStatus{}, nil
	case !process.hasEnded():
		return harness.SystemStatus{Running: true, Started: process.started}, nil
	}
	return harness.SystemStatus{Started: process.started, Ended: process.ended, ExitCode: -1}, nil
}

// Log is what a node's process has printed in all; the file has no times.
func (b *bareCluster) Log(ctx context.Context, name string, since time.Time) ([]harness.LogLine, error) {
	content, err := b.ReadFile(ctx, fixtures.FloorNode, logFile(name))
	if err != nil {
		return nil, err
	}
	var lines []harness.LogLine
	for line := range strings.Lines(string(content)) {
		lines = append(lines, harness.LogLine{At: since, Text: strings.TrimSpace(line)})
	}
	return lines, nil
}

// lastWords says how the processes are and what each printed last, for the error of a cluster that
// does not come up.
func (b *bareCluster) lastWords(ctx context.Context) string {
	const enough = 3 // lines of each
	var text strings.Builder
	for _, process := range b.floor.Processes {
		state := "not started"
		if status, _ := b.Status(ctx, process.Node); status.Running {
			state = "running"
		} else if !status.Ended.IsZero() {
			state = fmt.Sprintf("ended: %v", b.running[process.Node].err)
		}
		fmt.Fprintf(&text, "%s: %s\n", process.Node, state)
		lines, _ := b.Log(ctx, process.Node, time.Time{})
		for _, line := range lines[max(0, len(lines)-enough):] {
			fmt.Fprintf(&text, "  %s\n", line.Text)
		}
	}
	return text.String()
}

func (b *bareCluster) process(name string) (fixtures.FloorProcess, error) {
	at := slices.IndexFunc(b.floor.Processes, func(p fixtures.FloorProcess) bool { return p.Node == name })
	if at < 0 {
		return fixtures.FloorProcess{}, fmt.Errorf("find node %q: the cluster has no such node", name)
	}
	return b.floor.Processes[at], nil
}

func (p *bareProcess) hasEnded() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func pidFile(node string) string { return "/run/" + node + ".pid" }

func logFile(node string) string { return "/var/log/" + node + ".log" }
