//go:build linux

package agentd

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/internal/cputime"
)

// usage tells what this process has used. The kernel counts the sending of packets, and most of
// their delivery on the same machine, as this process's time too.
func (a *agent) usage(context.Context, protocol.Nothing) (protocol.Usage, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return protocol.Usage{}, fmt.Errorf("ask for the memory: %w", err)
	}
	peak, err := peakMemory(string(status))
	return protocol.Usage{CPU: cputime.Used(), PeakMemory: peak}, err
}

// peakMemory reads the largest resident set, in bytes, out of /proc/self/status.
func peakMemory(status string) (int64, error) {
	for line := range strings.Lines(status) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmHWM:" && fields[2] == "kB" {
			kilobytes, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read the memory %q: %w", strings.TrimSpace(line), err)
			}
			return kilobytes << 10, nil
		}
	}
	return 0, fmt.Errorf("the kernel does not say how much memory was used at most")
}
