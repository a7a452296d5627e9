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

// A section is a part of README.md that nobody types: its figures come from records. The lines around
// it name it.
type section struct {
	name  string
	table func(root string) (string, error)
}

func (s section) begin() string {
	return "<!-- " + s.name + ": written by `make readme` from the records of a run -->"
}
func (s section) end() string { return "<!-- end of " + s.name + " -->" }

func readmeCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:  "readme",
		Usage: "put the figures of the newest runs into README.md",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "run", Usage: "the `NAME` of the run whose drills are shown, as its folder in reports/out (default: the newest run of drills)"},
		},
		OnUsageError: noUsageText,
		Before:       noArguments,
		Action: func(_ context.Context, command *cli.Command) error {
			root, err := repositoryRoot()
			if err != nil {
				return err
			}
			drills := func(root string) (string, error) { return drillsOf(root, command.String("run")) }
			return writeReadme(out, root, []section{
				{"drills", drills},
				{"calibration", calibrationTable},
				{"verdicts", verdictsTable},
				{"controls", controlsTable},
				{"ledger", ledgerTable},
			})
		},
	}
}

// writeReadme writes the sections whose runs are there, and leaves the others as they are.
func writeReadme(out io.Writer, root string, sections []section) error {
	path := filepath.Join(root, "README.md")
	written := 0
	for _, section := range sections {
		table, err := section.table(root)
		if err != nil {
			fmt.Fprintf(out, "%s: left as it is: %v\n", section.name, err)
			continue
		}
		if err := section.write(path, table); err != nil {
			return fmt.Errorf("put the %s into %s: %w", section.name, path, err)
		}
		fmt.Fprintf(out, "%s: put into %s\n", section.name, path)
		written++
	}
	if written == 0 {
		return usage("no run has left a figure: run make chaos first")
	}
	return nil
}

// write replaces what is between the section's two lines.
func (s section) write(path, table string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(text), s.begin()+"\n")
	_, after, ends := strings.Cut(rest, s.end()+"\n")
	if !begins || !ends {
		return fmt.Errorf("it lacks the line %q or %q", s.begin(), s.end())
	}
	return os.WriteFile(path, []byte(before+s.begin()+"\n"+table+s.end()+"\n"+after), 0o644)
}

// drillsOf is the table of a run's drills; of the newest run of drills when no name is given.
func drillsOf(root, run string) (string, error) {
	if run != "" {
		records, err := reports.ReadRecords(filepath.Join(runsFolder(root), run))
		if err != nil {
			return "", err
		}
		return drillsTable(records)
	}
	runs, err := filepath.Glob(filepath.Join(runsFolder(root), "[0-9]*"))
	if err != nil {
		return "", err
	}
	for _, folder := range slices.Backward(runs) { // named by their time
		records, err := reports.ReadRecords(folder)
		if err == nil && len(records) > 0 && tellStories(records) {
			return drillsTable(records)
		}
	}
	return "", usage("no run of drills is there: run make chaos first")
}

// controlLabel is what package suite labels the drills of control arms with.
const controlLabel = "control arm"

// tellStories tells whether all records are drills of a story, as it is: neither a control arm nor one of the
// harness's own proofs.
func tellStories(records []harness.Record) bool {
	return !slices.ContainsFunc(records, func(record harness.Record) bool {
		return record.Scenario == verdictsScenario || slices.Contains(record.Labels, controlLabel)
	})
}

// drillsTable is the table of the run's summary, and where its figures come from.
func drillsTable(records []harness.Record) (string, error) {
	if len(records) == 0 {
		return "", usage("the run has no record: run make chaos first")
	}
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
