package readme

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/selftest/verdicts"
	"github.com/reprise-dr/reprise/reports"
)

// verdictsTable is the newest whole run of `reprise verdicts` as a table for the track record, the claim with
// its figures below it. A repository without such a run is an error.
func verdictsTable(root string) (string, error) {
	run, counted, err := newestVerdicts(root, verdicts.Drills)
	if err != nil {
		return "", err
	}
	records, err := reports.ReadRecords(filepath.Join(module.RunsFolder(root), run))
	if err != nil {
		return "", err
	}
	first := records[0]
	return fmt.Sprintf("%s\n%s. Seed %d, on %s; %s processors, %s of memory.\n", counted.Markdown(), counted.Sentence(), first.Seed,
		first.Started.UTC().Format("2006-01-02"), first.Engine["processors"], first.Engine["memory"]), nil
}

// newestVerdicts finds the newest run with at least so many drills whose outcome is known, and counts them.
func newestVerdicts(root string, atLeast int) (run string, counted verdicts.Count, err error) {
	entrys, err := os.ReadDir(module.RunsFolder(root)) // sorted by name, which is by time
	if err != nil {
		return "", nil, fmt.Errorf("look for a run of reprise verdicts: %w", err)
	}
	for _, entry := range slices.Backward(entrys) {
		if !entry.IsDir() {
			continue // "latest" is a link
		}
		records, err := reports.ReadRecords(filepath.Join(module.RunsFolder(root), entry.Name()))
		if err != nil {
			continue // the folder of something else, such as a bench
		}
		if counted := verdicts.CountOf(records); counted.Drills() >= atLeast {
			return entry.Name(), counted, nil
		}
	}
	return "", nil, fmt.Errorf("no run has %d drills with a known outcome: run make verdicts first", atLeast)
}
