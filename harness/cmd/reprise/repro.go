package main

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"
)

func reproCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:  "repro",
		Usage: "replay one postmortem: the bad versions fail as they did, the runbook works",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "id", Usage: "the postmortem's `ID`: its date and name, such as 2020-01-20-ip-renumbering"},
		},
		OnUsageError: noUsageText,
		Before:       noArguments,
		Action: func(ctx context.Context, command *cli.Command) error {
			return repro(ctx, out, command.String("id"))
		},
	}
}

// repro runs the specs of one postmortem.
func repro(ctx context.Context, out io.Writer, id string) error {
	root, err := repositoryRoot()
	if err != nil {
		return err
	}
	known, err := readCatalog(root)
	if err != nil {
		return err
	}
	label, err := known.postmortemLabel(id)
	if err != nil {
		return err
	}
	return chaos(ctx, out, options{labels: label, seed: newSeed(), repeat: 1})
}

// postmortemLabel is the label that the specs of the postmortem carry, which is its id.
func (c catalog) postmortemLabel(id string) (string, error) {
	known := c.postmortems()
	switch {
	case id == "":
		return "", usage("which postmortem? known ids: %s", strings.Join(known, ", "))
	case !slices.Contains(known, id):
		return "", usage("unknown postmortem %q%s known ids: %s", id, didYouMean(id, known), strings.Join(known, ", "))
	}
	return id, nil
}
