package readme

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/repository"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/reports"
)

// A section is a part of the track record that nobody types: its figures come from records. The lines around
// it name it.
type section struct {
	name  string
	table func(root string) (string, error)
}

func (s section) begin() string {
	return "<!-- " + s.name + ": written by `make readme` from the records of a run -->"
}

func (s section) end() string { return "<!-- end of " + s.name + " -->" }

// Write puts the figures of the newest runs into the track record, and says of each section what became of it. The
// drills are those of the named run, or of the fullest runs when no name is given.
func Write(out io.Writer, run string) error {
	root, err := module.Root()
	if err != nil {
		return err
	}
	sections, err := readmeSections(root, run)
	if err != nil {
		return err
	}
	return writeReadme(out, root, sections)
}

// drillsMarker is the first line of a scenario's section of drills. The track record says by these lines which
// scenarios it shows.
var drillsMarker = regexp.MustCompile(`(?m)^<!-- drills of (.+?): written by `)

// readmeSections are the sections that the track record has to have, the drills of the named run among them; of the
// fullest runs when no name is given. A section or a row of a scenario that does not exist is an error.
func readmeSections(root, run string) ([]section, error) {
	text, err := os.ReadFile(trackRecordPath(root))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage.Errorf("the module at %s has no %s, into which a clone of Reprise puts the figures of its runs: your own "+
			"are in %s", root, Page, filepath.Join(module.RunsFolder(root), "latest", reports.PageFile))
	}
	if err != nil {
		return nil, err
	}
	known, err := repository.ReadCatalog(root)
	if err != nil {
		return nil, err
	}
	drills, err := drillsByScenario(root, run)
	if err != nil {
		return nil, err
	}
	var sections []section
	for _, marker := range drillsMarker.FindAllStringSubmatch(string(text), -1) {
		scenario := marker[1]
		if err := checkScenario(known, scenario); err != nil {
			return nil, err
		}
		section := section{name: "drills of " + scenario}
		_, kept, _, err := section.cut(string(text))
		if err != nil {
			return nil, fmt.Errorf("read the %s in %s: %w", section.name, Page, err)
		}
		section.table = func(root string) (string, error) {
			if len(drills[scenario]) == 0 {
				return "", usage.Errorf("no drill of %s is in %s: run make chaos LABELS=%s first", scenario,
					filepath.Join(module.RunsFolder(root), run), scenario)
			}
			table, err := drillsTable(drills[scenario])
			if err != nil {
				return "", err
			}
			return table, keepsDrills(scenario, kept, table)
		}
		sections = append(sections, section)
	}
	controls := section{name: "controls"}
	_, table, _, err := controls.cut(string(text))
	if err != nil {
		return nil, fmt.Errorf("read the %s in %s: %w", controls.name, Page, err)
	}
	rows, err := controlRows(table, known)
	if err != nil {
		return nil, err
	}
	controls.table = func(root string) (string, error) { return controlsTable(root, rows) }
	return append(sections, section{"calibration", calibrationTable}, section{"verdicts", verdictsTable},
		section{"survival", survivalTable}, controls, section{"ledger", ledgerTable}, section{"failover", failoverTable}), nil
}

// checkScenario says in one sentence that the track record tells of a scenario that does not exist.
func checkScenario(known repository.Catalog, name string) error {
	if slices.Contains(known.Folders, name) {
		return nil
	}
	return usage.Errorf("%s tells of an unknown scenario %q%s known scenarios: %s", Page, name,
		usage.DidYouMean(name, known.Folders), strings.Join(known.Folders, ", "))
}

// Page is the page with the figures of runs.
const Page = "reports/TRACK_RECORD.md"

func trackRecordPath(root string) string { return filepath.Join(root, filepath.FromSlash(Page)) }

// writeReadme writes the sections whose runs are there, and leaves the others as they are.
func writeReadme(out io.Writer, root string, sections []section) error {
	path := trackRecordPath(root)
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
		return usage.Errorf("nothing was written: the lines above say why")
	}
	return nil
}

// write replaces what is between the section's two lines.
func (s section) write(path, table string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, _, after, err := s.cut(string(text))
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(before+table+after), 0o644)
}

// cut parts a page at the section's two lines, which stay with what is before and after.
func (s section) cut(text string) (before, between, after string, err error) {
	above, rest, begins := strings.Cut(text, s.begin()+"\n")
	between, below, ends := strings.Cut(rest, s.end()+"\n")
	if !begins || !ends {
		return "", "", "", fmt.Errorf("it lacks the line %q or %q", s.begin(), s.end())
	}
	return above + s.begin() + "\n", between, s.end() + "\n" + below, nil
}

// readResults reads every JSON file whose path matches the pattern. No file is no error.
func readResults[T any](pattern string) ([]T, error) {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	var results []T
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var result T
		if err := json.Unmarshal(text, &result); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		results = append(results, result)
	}
	return results, nil
}
