package readme

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/reports"
)

// drillsByScenario reads the drills of every scenario out of the named run. When no name is given, they
// come from the run with the most specs of the scenario, which may be another one for each: a run that was
// interrupted, or of a few specs only, hides no row. Of several such runs it is the newest that was not repeated.
func drillsByScenario(root, run string) (map[string][]harness.Record, error) {
	if run != "" {
		records, err := reports.ReadRecords(filepath.Join(module.RunsFolder(root), run))
		return storiesIn(records), err
	}
	folders, err := filepath.Glob(filepath.Join(module.RunsFolder(root), "[0-9]*"))
	if err != nil {
		return nil, err
	}
	fullest := map[string][]harness.Record{}
	for _, folder := range slices.Backward(folders) { // named by their time
		records, err := reports.ReadRecords(folder)
		if err != nil {
			continue // of another version of Reprise
		}
		for scenario, drills := range storiesIn(records) {
			if compareRuns(drills, fullest[scenario]) > 0 {
				fullest[scenario] = drills
			}
		}
	}
	return fullest, nil
}

// storiesIn groups a run's drills by scenario. A drill of a control arm tells no story.
func storiesIn(records []harness.Record) map[string][]harness.Record {
	stories := map[string][]harness.Record{}
	for _, record := range records {
		if !slices.Contains(record.Labels, contract.ControlLabel) {
			stories[record.Scenario] = append(stories[record.Scenario], record)
		}
	}
	return stories
}

// compareRuns is positive when the drills of run a are to be shown rather than those of b: there are more
// specs, or as many that were repeated less often.
func compareRuns(a, b []harness.Record) int {
	specs := func(drills []harness.Record) int {
		titles := map[string]bool{}
		for _, drill := range drills {
			titles[drill.Title] = true
		}
		return len(titles)
	}
	return cmp.Or(cmp.Compare(specs(a), specs(b)), cmp.Compare(len(b), len(a)))
}

// lastPass is the newest drill of every spec, in the order of the run.
func lastPass(records []harness.Record) []harness.Record {
	newest := map[string]time.Time{}
	for _, record := range records {
		if record.Started.After(newest[record.Title]) {
			newest[record.Title] = record.Started
		}
	}
	return slices.DeleteFunc(slices.Clone(records), func(record harness.Record) bool {
		return !record.Started.Equal(newest[record.Title])
	})
}

// keepsDrills refuses a table that lacks drills of the one that is kept, as that of a run of a few specs does: what the track
// record shows of a scenario is measured in one run, so they cannot stay in it either.
func keepsDrills(scenario, kept, table string) error {
	shown := drillsIn(table)
	lacking := slices.DeleteFunc(drillsIn(kept), func(drill string) bool { return slices.Contains(shown, drill) })
	if len(lacking) == 0 {
		return nil
	}
	return usage.Errorf("the run lacks drills that %s shows (%s): run make chaos LABELS=%s, or take their rows out if they are no "+
		"more", Page, strings.Join(lacking, "; "), scenario)
}

// drillsIn are the drills that a table has rows of, as it writes them.
func drillsIn(table string) []string {
	const drill = 2 // after a mark and the scenario; a bar within a cell has no space before it
	var drills []string
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| ") && len(cells) > drill {
			drills = append(drills, cells[drill])
		}
	}
	return drills
}

// drillsTable is the table of a run's summary, and where its figures come from. There has to be a record. Of a run that was
// repeated it shows the last pass, and says how many of all drills were as claimed.
func drillsTable(records []harness.Record) (string, error) {
	var summary, table strings.Builder
	last := lastPass(records)
	if err := reports.Summary(&summary, reports.Run{Records: last}); err != nil {
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
	if len(last) < len(records) {
		claimed := 0
		for _, record := range records {
			if record.Judgement.AsClaimed {
				claimed++
			}
		}
		fmt.Fprintf(&table, "The run was repeated: these are the last drills of each spec; of all %d, %d were as claimed.\n",
			len(records), claimed)
	}
	return table.String(), nil
}
