//go:build linux

package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// A counter is a line of a file of the container's cgroup that says how often a limit was reached.
type counter struct {
	name string // first word of the line
	file *os.File
}

// limitCounters count what the kernel did at the container's limits. They are opened before the container's root changes.
type limitCounters struct {
	kills   *counter // processes that were killed for want of memory; nil: the kernel counts none
	refused *counter // processes that were not started
}

// openLimitCounters finds the counters. In version 2 of cgroups those count that are the container's own limits' and not those
// of cgroups that the product has made below; version 1 counts for one cgroup anyway.
func openLimitCounters() limitCounters {
	var found limitCounters
	for _, mount := range mounts() {
		if mount.kind != "cgroup" && mount.kind != "cgroup2" {
			continue
		}
		folder := mount.point
		if _, err := os.Stat(filepath.Join(folder, "memory.events")); mount.kind == "cgroup2" && err != nil {
			folder = ownCgroup(folder)
		}
		for _, known := range []struct {
			into       **counter
			file, name string
		}{
			{&found.kills, "memory.events.local", "oom"},
			{&found.kills, "memory.oom_control", "oom_kill"},
			{&found.refused, "pids.events.local", "max"},
			{&found.refused, "pids.events", "max"},
		} {
			if file, err := os.Open(filepath.Join(folder, known.file)); err == nil && *known.into == nil {
				*known.into = &counter{name: known.name, file: file}
			}
		}
	}
	return found
}

// read is 0 for a counter that there is not.
func (c *counter) read() (int, error) {
	if c == nil {
		return 0, nil
	}
	if _, err := c.file.Seek(0, io.SeekStart); err != nil {
		return 0, fmt.Errorf("read how often a limit was reached: %w", err)
	}
	content, err := io.ReadAll(c.file)
	if err != nil {
		return 0, fmt.Errorf("read how often a limit was reached: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); name == c.name {
			return strconv.Atoi(value)
		}
	}
	return 0, nil
}

// spareThreads is how many threads the supervisor has ready. One that it could not start at the limit of processes would end it.
const spareThreads = 16

// KeepThreads starts threads ahead of need. Go keeps a thread that has nothing to do.
func KeepThreads() {
	var started, ended sync.WaitGroup
	started.Add(spareThreads)
	for range spareThreads {
		ended.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			started.Done()
			started.Wait() // each on a thread of its own
		})
	}
	ended.Wait()
}

func (s *Supervisor) limits(context.Context, protocol.Nothing) (protocol.LimitsReached, error) {
	s.mu.Lock() // the files have one position each
	defer s.mu.Unlock()
	kills, killsErr := s.counters.kills.read()
	refused, refusedErr := s.counters.refused.read()
	return protocol.LimitsReached{MemoryKills: kills, ProcessesRefused: refused}, errors.Join(killsErr, refusedErr)
}
