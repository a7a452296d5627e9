package lab

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// Memory is what the container of a node's system takes now, in bytes, as its cgroup counts it, without the cached pages
// of files that the kernel can drop at any time: what `docker stats` shows.
func (l *Lab) Memory(ctx context.Context, name string) (uint64, error) {
	node, err := l.node(name)
	if err != nil {
		return 0, err
	}
	if len(node.containers) < 2 {
		return 0, fmt.Errorf("read the memory of %s: it runs no system", name)
	}
	answer, err := l.engine.ContainerStats(ctx, node.containers[1], client.ContainerStatsOptions{})
	if err != nil {
		return 0, fmt.Errorf("read the memory of %s: %w", name, err)
	}
	defer answer.Body.Close()
	var stats container.StatsResponse
	if err := json.NewDecoder(answer.Body).Decode(&stats); err != nil {
		return 0, fmt.Errorf("read the memory of %s: %w", name, err)
	}
	used := stats.MemoryStats.Usage
	if used == 0 {
		return 0, fmt.Errorf("read the memory of %s: the engine does not count it", name)
	}
	for _, dropped := range []string{"total_inactive_file", "inactive_file"} { // of cgroups version 1, of version 2
		if cached, known := stats.MemoryStats.Stats[dropped]; known && cached < used {
			return used - cached, nil
		}
	}
	return used, nil
}
