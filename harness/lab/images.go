package lab

import (
	"context"
	"slices"
	"sync"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
)

// images are the references a lab's containers are made from.
type images struct {
	agent  string
	system map[string]string // by node
}

// AgentImage is the image of the in-node helper: nothing but its static binary, compiled from this
// module's source and named by its content.
func AgentImage() harness.Image { return agent.Image() }

// parallelBuilds is how many images the engine builds at a time: it waits for the disk more than it computes.
const parallelBuilds = 3

// Prepare resolves every image that labs of the topologies need, the agent's included, so that none
// is pulled or built while a drill is being timed.
func Prepare(ctx context.Context, engine *Engine, progress Progress, topologies ...harness.Topology) error {
	_, err := ResolveImages(ctx, engine, needed(topologies...), parallelBuilds, progress)
	return err
}

// needed lists the agent's image first, then each image of the topologies once.
func needed(topologies ...harness.Topology) []harness.Image {
	images := []harness.Image{AgentImage()}
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

// resolve finds every image the topology needs before anything is created.
func (l *Lab) resolve(ctx context.Context) (images, error) {
	wanted := needed(l.topology)
	known, isKnown := agents.Load(l.engine.DaemonHost())
	if isKnown {
		wanted[0] = harness.Image{Name: "agent", Reference: known.(string)}
	}
	references, err := ResolveImages(ctx, l.engine, wanted, parallelBuilds, l.options.Progress)
	if err != nil {
		return images{}, err
	}
	agents.Store(l.engine.DaemonHost(), references[0])
	resolved := images{agent: references[0], system: map[string]string{}}
	for _, node := range l.topology.Selected("") {
		resolved.system[node.Name] = references[slices.IndexFunc(wanted, same(node.System.Image))]
	}
	return resolved, nil
}

// same tells whether an image is the given one: name and version name it within a topology.
func same(image harness.Image) func(harness.Image) bool {
	return func(other harness.Image) bool { return other.Name == image.Name && other.Version == image.Version }
}
