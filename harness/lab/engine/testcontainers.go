package engine

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
)

// settings are what testcontainers-go reads from the environment once in a process. Its reaper stays off: the agents'
// leases end a lab whose harness is gone, also where the reaper's image cannot be had, and a container that the topology
// does not name has no business on the engine. The prefix for images adds nothing ("." is what a path begins with anyway):
// a lab's images are on the engine already, by names that no registry has.
var settings = map[string]string{
	"TESTCONTAINERS_RYUK_DISABLED":         "true",
	"TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX": ".",
}

// readSettings has testcontainers-go read its settings with ours before them.
var readSettings = sync.OnceValues(func() (testcontainers.TestcontainersConfig, error) {
	log.SetDefault(quiet{}) // the lab reports its own progress
	for name, value := range settings {
		if err := os.Setenv(name, value); err != nil {
			return testcontainers.TestcontainersConfig{}, fmt.Errorf("set up testcontainers-go: %w", err)
		}
	}
	return testcontainers.ReadConfig(), nil
})

// A quiet logger says nothing.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

// sameEngine is an error when the settings of testcontainers-go, which may name no engine, name another than the chosen one.
func sameEngine(host string) error {
	read, err := readSettings()
	if err != nil {
		return err
	}
	theirs := read.Config.TestcontainersHost
	if theirs == "" || theirs == host {
		return nil
	}
	home, _ := os.UserHomeDir() // it was read from there
	return fmt.Errorf("tc.host in %s sends containers to the engine at %s, and everything else here uses the one at %s: remove "+
		"that line, or set DOCKER_HOST=%[2]s",
		filepath.Join(home, ".testcontainers.properties"), theirs, host)
}

// NewProvider is testcontainers-go on the connection of a lab: what it creates is created where the lab looks for it and
// removes it, and none of its calls waits for ever.
func NewProvider(ctx context.Context, engine *Engine) (*testcontainers.DockerProvider, error) {
	if _, err := readSettings(); err != nil {
		return nil, err
	}
	// It opens a connection of its own first, without a limit.
	provider, err := within(ctx, "answer testcontainers-go", engine.limits.look,
		func(ctx context.Context) (*testcontainers.DockerProvider, error) {
			return leaveBehind(ctx, openProvider, func(late *testcontainers.DockerProvider) { _ = late.Close() })
		})
	if err != nil {
		return nil, fmt.Errorf("create containers: %w", err)
	}
	if err := provider.Close(); err != nil {
		return nil, fmt.Errorf("close the first connection of testcontainers-go: %w", err)
	}
	provider.SetClient(limitedClient{engine, fallback{engine.client}})
	return provider, nil
}

// openProvider opens a connection. Without the name of the engine's own bridge it would create a network of its own later.
func openProvider() (*testcontainers.DockerProvider, error) {
	return testcontainers.NewDockerProvider(
		testcontainers.WithLogger(quiet{}), testcontainers.WithDefaultBridgeNetwork(testcontainers.Bridge))
}

// A limitedClient has all calls that testcontainers-go may want: those of [Engine] with their limits, and the rest.
type limitedClient struct {
	*Engine
	fallback
}

// A fallback is one level further down than the engine's own calls, which therefore come first.
type fallback struct{ client.APIClient }

// Request describes a container to testcontainers-go.
func Request(described client.ContainerCreateOptions) testcontainers.ContainerRequest {
	return testcontainers.ContainerRequest{
		Name: described.Name, Image: described.Config.Image, Labels: maps.Clone(described.Config.Labels),
		ConfigModifier: func(config *container.Config) {
			labels := config.Labels // ours and its own
			*config = *described.Config
			config.Labels = labels
		},
		HostConfigModifier: func(host *container.HostConfig) { *host = *described.HostConfig },
		EndpointSettingsModifier: func(endpoints map[string]*network.EndpointSettings) {
			if described.NetworkingConfig != nil {
				maps.Copy(endpoints, described.NetworkingConfig.EndpointsConfig)
			}
		},
	}
}
