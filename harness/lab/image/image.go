package image

import (
	"context"
	"fmt"
	"io"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// labelRecipe is a label of every image that is built: the hash of all that went into it.
const labelRecipe = "io.reprise.recipe"

// imageStore is the little that removing images needs of a container engine.
type imageStore interface {
	ImageList(ctx context.Context, options client.ImageListOptions) (client.ImageListResult, error)
	ImageRemove(ctx context.Context, id string, options client.ImageRemoveOptions) (client.ImageRemoveResult, error)
}

// engineCalls are the little that making images needs of a container engine.
type engineCalls interface {
	imageStore
	ImageInspect(ctx context.Context, reference string, options ...client.ImageInspectOption) (client.ImageInspectResult, error)
	ImagePull(ctx context.Context, reference string, options client.ImagePullOptions) (client.ImagePullResponse, error)
	ImageBuild(ctx context.Context, buildContext io.Reader, options client.ImageBuildOptions) (client.ImageBuildResult, error)
	ImageSave(ctx context.Context, references []string, options ...client.ImageSaveOption) (client.ImageSaveResult, error)
	ServerVersion(ctx context.Context, options client.ServerVersionOptions) (client.ServerVersionResult, error)
}

// Resolve returns references that the engine can run, in the order of the images: of an image
// that is already there, else of one it pulls, else of one that is built from the image's recipe. Only
// the first is quick: a build takes minutes, so resolve before anything is timed. At most builds of
// them are built at the same time (1 when it is less). The first error stops the others. A nil
// progress is told nothing.
//
// The environment variable REPRISE_PULL=never forbids to ask registries at all. An error is one
// sentence that says what is wrong and what to do, followed by the last lines of a program's output
// where there are any.
func Resolve(
	ctx context.Context, connection *engine.Engine, images []harness.Image, builds int, progress Progress,
) ([]string, error) {
	resolver, err := newResolver(connection, builds, progress)
	if err != nil {
		return nil, err
	}
	return resolver.all(ctx, images)
}

// Find names an image in the engine, pulled or built; the error is a not-found error when it is not there.
func Find(ctx context.Context, connection *engine.Engine, image harness.Image) (string, error) {
	resolver, err := newResolver(connection, 1, nil)
	if err != nil {
		return "", err
	}
	if image.Reference != "" {
		if present, err := resolver.present(ctx, image.Reference); present || err != nil {
			return image.Reference, err
		}
	}
	made, err := resolver.read(ctx, image)
	if err != nil {
		return "", err
	}
	if present, err := resolver.present(ctx, made.tag); present || err != nil {
		return made.tag, err
	}
	return "", errdefs.ErrNotFound.WithMessage(fmt.Sprintf("image %s is not in the engine", image))
}

func (r *resolver) all(ctx context.Context, images []harness.Image) ([]string, error) {
	references := make([]string, len(images))
	group, ctx := errgroup.WithContext(ctx)
	for index, image := range images {
		group.Go(func() (err error) {
			references[index], err = r.resolve(ctx, image)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return references, nil
}
