package image

import (
	"context"
	"os"
	"slices"
	"sync"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// References are the names by which the engine knows the images of a topology.
type References struct {
	Agent  string
	System map[string]string // by node
}

// parallelBuilds is how many images the engine builds at a time: it waits for the disk more than it computes.
const parallelBuilds = 3

// Prepare resolves every image that labs of the topologies need, the agent's included, so that none
// is pulled or built while a drill is being timed.
func Prepare(ctx context.Context, connection *engine.Engine, progress Progress, topologies ...harness.Topology) error {
	_, err := Resolve(ctx, connection, needed(topologies...), parallelBuilds, progress)
	return err
}

// AgentVariable is the environment variable that names the agent's image, such as reprise/agent:3-eca46bd19514: one that the
// engine has, or can pull. Then nothing of the agent is compiled, and neither a Go module nor the Go command has to be there.
const AgentVariable = "REPRISE_AGENT_IMAGE"

// Agent is the agent's image: the one that [AgentVariable] names, else one that is built.
func Agent() harness.Image {
	if reference := os.Getenv(AgentVariable); reference != "" {
		return harness.Image{Name: agent.Image().Name, Reference: reference}
	}
	return agent.Image()
}

// Of lists each image that the systems of the topologies are made from once.
func Of(topologies ...harness.Topology) []harness.Image { return needed(topologies...)[1:] }

// needed lists the agent's image first, then each image of the topologies once.
func needed(topologies ...harness.Topology) []harness.Image {
	images := []harness.Image{Agent()}
	for _, topology := range topologies {
		for _, node := range topology.Selected("") {
			if !slices.ContainsFunc(images, same(node.System.Image)) {
				images = append(images, node.System.Image)
			}
		}
	}
	return images
}

// agents remembers the agent's image of each engine. To find it out means to ask the compiler, and
// the answer cannot change while the process lives.
var agents sync.Map

// ResolveTopology resolves every image that a lab of the topology needs, see [Resolve].
func ResolveTopology(
	ctx context.Context, connection *engine.Engine, topology harness.Topology, progress Progress,
) (References, error) {
	wanted := needed(topology)
	known, isKnown := agents.Load(connection.DaemonHost())
	if isKnown {
		wanted[0] = harness.Image{Name: agent.Image().Name, Reference: known.(string)}
	}
	references, err := Resolve(ctx, connection, wanted, parallelBuilds, progress)
	if err != nil {
		return References{}, err
	}
	agents.Store(connection.DaemonHost(), references[0])
	resolved := References{Agent: references[0], System: map[string]string{}}
	for _, node := range topology.Selected("") {
		resolved.System[node.Name] = references[slices.IndexFunc(wanted, same(node.System.Image))]
	}
	return resolved, nil
}

// same tells whether an image is the given one: name and version name it within a topology.
func same(image harness.Image) func(harness.Image) bool {
	return func(other harness.Image) bool { return other.Name == image.Name && other.Version == image.Version }
}
