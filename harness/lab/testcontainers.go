package lab

import (
	"fmt"
	"os"
	"sync"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
)

// quiet silences testcontainers-go: the lab reports its own progress.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

// provider makes the testcontainers provider, once in a process. Its reaper stays off: the agents'
// leases end a lab whose harness is gone, also where the reaper's image cannot be had, and a
// container that the topology does not name has no business on the engine.
var provider = sync.OnceValues(func() (*testcontainers.DockerProvider, error) {
	if err := os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true"); err != nil {
		return nil, fmt.Errorf("switch the reaper off: %w", err)
	}
	log.SetDefault(quiet{})
	// Without the name of the engine's own bridge it would create a network of its own.
	made, err := testcontainers.NewDockerProvider(
		testcontainers.WithLogger(quiet{}), testcontainers.WithDefaultBridgeNetwork(testcontainers.Bridge))
	if err != nil {
		return nil, fmt.Errorf("reach the container engine: %w", err)
	}
	return made, nil
})
