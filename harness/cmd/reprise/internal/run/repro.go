package run

import (
	"context"
	"io"

	"github.com/reprise-dr/reprise/harness/internal/module"
)

// Repro runs the specs of one postmortem, of the packages that patterns name; see [Options].
func Repro(ctx context.Context, out io.Writer, id string, packages []string) error {
	root, err := module.Root()
	if err != nil {
		return err
	}
	chosen := Options{Packages: packages, Seed: NewSeed(), Repeat: 1}
	known, err := chosen.catalog(ctx, root)
	if err != nil {
		return err
	}
	if chosen.Labels, err = known.PostmortemLabel(id); err != nil {
		return err
	}
	return Chaos(ctx, out, chosen)
}
