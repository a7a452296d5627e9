package run

import (
	"context"
	"io"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/repository"
)

// Repro runs the specs of one postmortem.
func Repro(ctx context.Context, out io.Writer, id string) error {
	root, err := repository.Root()
	if err != nil {
		return err
	}
	known, err := repository.ReadCatalog(root)
	if err != nil {
		return err
	}
	label, err := known.PostmortemLabel(id)
	if err != nil {
		return err
	}
	return Chaos(ctx, out, Options{Labels: label, Seed: NewSeed(), Repeat: 1})
}
