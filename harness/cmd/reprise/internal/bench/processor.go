//go:build bench

package bench

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/cputime"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/systems/consul"
)

// processorTimes are what three parts of a lab have used of the machine so far.
type processorTimes struct{ harness, agents, consul time.Duration }

func (p processorTimes) since(before processorTimes) processorTimes {
	return processorTimes{p.harness - before.harness, p.agents - before.agents, p.consul - before.consul}
}

func (p processorTimes) figures(group, arm string, within time.Duration) []Figure {
	var figures []Figure
	for _, part := range []struct {
		name string
		used time.Duration
	}{{"this program", p.harness}, {"all agents", p.agents}, {"all Consul servers", p.consul}} {
		figures = append(figures, plainFigure(group, fmt.Sprintf("%s: %% of a core, %s", arm, part.name),
			100*part.used.Seconds()/within.Seconds()))
	}
	return figures
}

// readProcessorTimes asks the kernel for this program's, the agents for their own, and reads the servers'
// in their nodes' /proc.
func readProcessorTimes(ctx context.Context, cluster *lab.Lab) (processorTimes, error) {
	used := processorTimes{harness: cputime.Used()}
	for _, node := range append(cluster.Topology().Selected(consul.ServerRole), harness.Node{Name: harness.VantageObserver}) {
		usage, err := cluster.Usage(ctx, node.Name)
		if err != nil {
			return used, err
		}
		used.agents += usage.CPU
	}
	for _, node := range cluster.Topology().Selected(consul.ServerRole) {
		took, err := mainProcessTime(ctx, cluster, node.Name)
		if err != nil {
			return used, err
		}
		used.consul += took
	}
	return used, nil
}

// The fields of /proc/<pid>/stat that say what a process has used in user and kernel mode, counted after
// its name, and the length of the tick that they count.
const (
	statUser   = 11
	statKernel = 12
	statTick   = 10 * time.Millisecond
)

// mainProcessTime is what the main process of a node has used since it started.
func mainProcessTime(ctx context.Context, cluster *lab.Lab, node string) (time.Duration, error) {
	status, err := cluster.Status(ctx, node)
	if err != nil {
		return 0, err
	}
	stat, err := cluster.ReadFile(ctx, node, fmt.Sprintf("/proc/%d/stat", status.PID))
	if err != nil {
		return 0, err
	}
	ticks, err := parseTicks(stat)
	if err != nil {
		return 0, fmt.Errorf("read the processor time of %s: %w", node, err)
	}
	return time.Duration(ticks) * statTick, nil
}

// parseTicks adds up both times of a process.
func parseTicks(stat []byte) (int64, error) {
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) <= statKernel {
		return 0, fmt.Errorf("there are only %d fields", len(fields))
	}
	var sum int64
	for _, field := range []string{fields[statUser], fields[statKernel]} {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += ticks
	}
	return sum, nil
}
