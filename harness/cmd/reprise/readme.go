package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/reports"
)

// The lines of README.md between which nobody types: figures come from records.
const (
	drillsBegin = "<!-- drills: written by `make readme` from the records of a run -->"
	drillsEnd   = "<!-- end of drills -->"
)

func readmeCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:  "readme",
		Usage: "put the table of a run's drills into README.md",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "run", Value: "latest", Usage: "the `NAME` of the run, as its folder in reports/out"},
		},
		OnUsageError: noUsageText,
		Before:       noArguments,
		Action: func(_ context.Context, command *cli.Command) error {
			root, err := repositoryRoot()
			if err != nil {
				return err
			}
			records, err := reports.ReadRecords(filepath.Join(runsFolder(root), command.String("run")))
			if err != nil {
				return err
			}
			path := filepath.Join(root, "README.md")
			if err := writeDrills(path, records); err != nil {
				return fmt.Errorf("put the drills into %s: %w", path, err)
			}
			fmt.Fprintf(out, "%d drills put into %s\n", len(records), path)
			return nil
		},
	}
}

// writeDrills replaces what is between the two lines.
func writeDrills(path string, records []harness.Record) error {
	if len(records) == 0 {
		return usage("the run has no record: run make chaos first")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(text), drillsBegin+"\n")
	_, after, ends := strings.Cut(rest, drillsEnd+"\n")
	if !begins || !ends {
		return fmt.Errorf("it lacks the line %q or %q", drillsBegin, drillsEnd)
	}
	table, err := drillsTable(records)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(before+drillsBegin+"\n"+table+drillsEnd+"\n"+after), 0o644)
}

// drillsTable is the table of the run's summary, and where its figures come from.
func drillsTable(records []harness.Record) (string, error) {
	var summary, table strings.Builder
	if err := reports.Summary(&summary, reports.Run{Records: records}); err != nil {
		return "", err
	}
	for line := range strings.Lines(summary.String()) {
		inTable := strings.HasPrefix(line, "|")
		if inTable {
			table.WriteString(line)
		}
		if !inTable && table.Len() > 0 {
			break // the tables below the first one are about single drills
		}
	}
	versions := map[string]bool{}
	for _, record := range records {
		for product, version := range record.Versions {
			versions[product+" "+version] = true
		}
	}
	first := records[0]
	fmt.Fprintf(&table, "\nMeasured on %s with %s; %s processors, %s of memory, kernel %s, engine %s.\n",
		first.Started.UTC().Format("2006-01-02"), strings.Join(slices.Sorted(maps.Keys(versions)), ", "),
		first.Engine["processors"], first.Engine["memory"], first.Engine["kernel"], first.Engine["engine"])
	return table.String(), nil
}
