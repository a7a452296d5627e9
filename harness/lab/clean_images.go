package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/client"
)

// CleanImages removes every image that a lab has built, and none that was pulled. The next run
// builds them again, from what was kept of the compiled products.
func CleanImages(ctx context.Context, connection *Engine) (Removed, error) {
	return cleanImages(ctx, connection, LabelImage)
}

// CleanImage is [CleanImages] for those of one name.
func CleanImage(ctx context.Context, connection *Engine, name string) (Removed, error) {
	return cleanImages(ctx, connection, LabelImage+"="+name)
}

// CleanStages removes what builds that were killed have left on the engine of the stage in which packages are installed. A build
// that goes on loses its own, and fails: nobody builds while the engine is cleaned.
func CleanStages(ctx context.Context, connection *Engine) (Removed, error) {
	return cleanImages(ctx, connection, labelStage)
}

// cleanImages removes the images that carry the label.
func cleanImages(ctx context.Context, store imageStore, label string) (Removed, error) {
	listed, err := store.ImageList(ctx, client.ImageListOptions{Filters: make(client.Filters).Add("label", label)})
	if err != nil {
		return Removed{}, fmt.Errorf("list the built images: %w", err)
	}
	// The newest first: an image goes before the one it was built on.
	slices.SortFunc(listed.Items, func(a, b image.Summary) int { return cmp.Compare(b.Created, a.Created) })
	var removed Removed
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
