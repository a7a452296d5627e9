package image

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// Clean removes every image that was built, and none that was pulled. The next run
// builds them again, from what was kept of the compiled products.
func Clean(ctx context.Context, connection *engine.Engine) (engine.Removed, error) {
	return removeLabelled(ctx, connection, engine.LabelImage)
}

// CleanNamed is [Clean] for those of one name.
func CleanNamed(ctx context.Context, connection *engine.Engine, name string) (engine.Removed, error) {
	return removeLabelled(ctx, connection, engine.LabelImage+"="+name)
}

// CleanStages removes what builds that were killed have left on the engine of the stage in which packages are installed. A build
// that goes on loses its own, and fails: nobody builds while the engine is cleaned.
func CleanStages(ctx context.Context, connection *engine.Engine) (engine.Removed, error) {
	return removeLabelled(ctx, connection, labelStage)
}

// removeLabelled removes the images that carry the label.
func removeLabelled(ctx context.Context, store imageStore, label string) (engine.Removed, error) {
	listed, err := store.ImageList(ctx, client.ImageListOptions{Filters: make(client.Filters).Add("label", label)})
	if err != nil {
		return engine.Removed{}, fmt.Errorf("list the built images: %w", err)
	}
	// The newest first: an image goes before the one it was built on.
	slices.SortFunc(listed.Items, func(a, b image.Summary) int { return cmp.Compare(b.Created, a.Created) })
	var removed engine.Removed
	for _, one := range listed.Items {
		name := one.ID
		if len(one.RepoTags) > 0 {
			name = one.RepoTags[0]
		}
		_, removeErr := store.ImageRemove(ctx, one.ID, client.ImageRemoveOptions{Force: true, PruneChildren: true})
		switch {
		case errdefs.IsNotFound(removeErr): // went with another one
		case removeErr != nil:
			err = errors.Join(err, fmt.Errorf("remove image %s: %w", name, removeErr))
			continue
		}
		removed.Images = append(removed.Images, name)
	}
	return removed, err
}
