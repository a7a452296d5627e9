package image

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// fakeStore has images, lists them by label, and keeps those that others are built on.
type fakeStore []image.Summary

func (s *fakeStore) ImageList(_ context.Context, options client.ImageListOptions) (result client.ImageListResult, _ error) {
	for wanted := range options.Filters["label"] {
		key, value, exact := strings.Cut(wanted, "=")
		for _, one := range *s {
			if got, ok := one.Labels[key]; ok && (!exact || got == value) {
				result.Items = append(result.Items, one)
			}
		}
	}
	return result, nil
}

func (s *fakeStore) ImageRemove(_ context.Context, id string, _ client.ImageRemoveOptions) (client.ImageRemoveResult, error) {
	if slices.ContainsFunc(*s, func(one image.Summary) bool { return one.ParentID == id }) {
		return client.ImageRemoveResult{}, errdefs.ErrConflict.WithMessage("image has dependent child images")
	}
	*s = slices.DeleteFunc(*s, func(one image.Summary) bool { return one.ID == id })
	return client.ImageRemoveResult{}, nil
}

// Goal: what a killed build has left of its packages goes without the images going. Method: one of each.
func TestCleanStagesLeavesTheImages(t *testing.T) {
	store := &fakeStore{
		{ID: "stage", Labels: map[string]string{labelStage: "5a7e", engine.LabelImage: "debian"}},
		{ID: "built", RepoTags: []string{"reprise/router:bookworm-5a7e"}, Labels: map[string]string{engine.LabelImage: "router"}},
	}
	removed, err := removeLabelled(t.Context(), store, labelStage)
	if err != nil || !slices.Equal(removed.Images, []string{"stage"}) || len(*store) != 1 {
		t.Errorf("removed were %v, left are %v, %v", removed.Images, *store, err)
	}
}

// Goal: built images go, an image before the one it was built on, and pulled ones stay. Method: a
// fake engine that refuses to remove an image others are built on.
func TestCleanImagesTakesTheBuiltOnes(t *testing.T) {
	built := map[string]string{engine.LabelImage: "any"}
	store := &fakeStore{
		{ID: "base", RepoTags: []string{"reprise/debian:1"}, Labels: built, Created: 1},
		{ID: "nomad", ParentID: "base", RepoTags: []string{"reprise/nomad:1"}, Labels: built, Created: 2},
		{ID: "pulled", RepoTags: []string{"debian:bookworm-slim"}, Created: 3},
	}
	removed, err := removeLabelled(t.Context(), store, engine.LabelImage)
	testkit.Must(t, err)
	if want := []string{"reprise/nomad:1", "reprise/debian:1"}; !slices.Equal(removed.Images, want) {
		t.Errorf("removed %q, want %q", removed.Images, want)
	}
	if len(*store) != 1 || (*store)[0].ID != "pulled" {
		t.Errorf("the engine has %v left", *store)
	}
}
