package engine

import (
	"fmt"
	"strconv"

	"github.com/moby/moby/api/types/container"

	"github.com/reprise-dr/reprise/harness"
)

// What an agent's container may take: a tenth of it was measured, the observer's included.
const (
	agentMemory    = 256 << 20 // bytes
	agentProcesses = 256       // and threads
)

// logFiles is how many files the engine keeps a log in: the oldest goes when the newest is full.
const logFiles = 2

// Limit bounds what a system's container may take. An engine that cannot limit something says so when the container is created,
// and `make doctor` does.
func Limit(limits harness.Limits, host *container.HostConfig) {
	limits = limits.OrDefault()
	take(limits.Memory, limits.Processes, host)
	host.LogConfig = container.LogConfig{Type: "json-file", Config: map[string]string{
		"max-size": strconv.FormatInt(limits.Log/logFiles, 10), "max-file": fmt.Sprint(logFiles),
	}}
}

// LimitAgent bounds what an agent's container may take. It has no log.
func LimitAgent(host *container.HostConfig) { take(agentMemory, agentProcesses, host) }

func take(memory, processes int64, host *container.HostConfig) {
	host.Memory, host.MemorySwap = memory, memory // no swap
	host.PidsLimit = &processes
}
