package engine

import (
	"testing"

	"github.com/moby/moby/api/types/container"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: every container has limits, a system's those of its topology or the defaults, and no swap. Method: the zero limits and
// others, and an agent's container.
func TestLimit(t *testing.T) {
	for _, test := range []struct {
		limits            harness.Limits
		memory, processes int64
		file              string
	}{
		{harness.Limits{}, harness.DefaultMemory, harness.DefaultProcesses, "16777216"},
		{harness.Limits{Memory: 64 << 20, Processes: 100, Log: 1 << 20}, 64 << 20, 100, "524288"},
	} {
		var host container.HostConfig
		Limit(test.limits, &host)
		if host.Memory != test.memory || host.MemorySwap != test.memory || *host.PidsLimit != test.processes ||
			host.LogConfig.Type != "json-file" || host.LogConfig.Config["max-size"] != test.file ||
			host.LogConfig.Config["max-file"] != "2" {
			t.Errorf("%+v: %+v, %+v", test.limits, host.Resources, host.LogConfig)
		}
	}
	var host container.HostConfig
	LimitAgent(&host)
	if host.Memory == 0 || host.MemorySwap != host.Memory || host.PidsLimit == nil || host.LogConfig.Type != "" {
		t.Errorf("an agent's: %+v, %+v", host.Resources, host.LogConfig)
	}
}
