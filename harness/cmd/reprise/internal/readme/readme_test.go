package readme

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/reports"
)

// Goal: the sections are in this repository's track record, and it tells of no scenario that does not exist.
// Method: they are asked for, and looked for.
func TestReadmeHasItsSections(t *testing.T) {
	root, err := module.Root()
	testkit.Must(t, err)
	text, err := os.ReadFile(trackRecordPath(root))
	testkit.Must(t, err)
	sections, err := readmeSections(root, "")
	testkit.Must(t, err)
	var names []string
	for _, section := range sections {
		names = append(names, section.name)
		if _, _, _, err := section.cut(string(text)); err != nil {
			t.Errorf("%s: %v", section.name, err)
		}
	}
	for _, want := range []string{
		"drills of renumbering", "calibration", "verdicts", "survival", "controls", "ledger",
		"drills of routerfailover", "failover",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("it has no section %q: %q", want, names)
		}
	}
}

// aRepository is one with the scenarios flood and drought, and a track record with a section of drills for each of
// the given names and the given rows of control arms.
func aRepository(t *testing.T, scenarios []string, rows string) string {
	t.Helper()
	root := t.TempDir()
	for _, folder := range []string{"flood", "drought"} {
		suite := filepath.Join(root, "scenarios", folder, folder+"_test.go")
		testkit.Must(t, errors.Join(os.MkdirAll(filepath.Dir(suite), 0o755), os.WriteFile(suite, []byte("package "+folder+"\n"),
			0o600)))
	}
	var text strings.Builder
	for _, scenario := range scenarios {
		drills := section{name: "drills of " + scenario}
		text.WriteString("above\n" + drills.begin() + "\nold " + scenario + "\n" + drills.end() + "\n")
	}
	controls := section{name: "controls"}
	text.WriteString(controls.begin() + "\n" + run.ControlsHeader + rows + controls.end() + "\nbelow\n")
	testkit.Must(t, errors.Join(os.Mkdir(filepath.Join(root, "reports"), 0o755),
		os.WriteFile(trackRecordPath(root), []byte(text.String()), 0o600)))
	return root
}

// leave writes a record into a run.
func leave(t *testing.T, root, run string, record harness.Record) {
	t.Helper()
	testkit.Must(t, reports.WriteRecord(filepath.Join(module.RunsFolder(root), run), record))
}

// Goal: a run of one scenario changes the figures of that scenario only. Method: a page with the figures of
// two is written after drills and control arms of one.
func TestReadmeKeepsTheOtherScenarios(t *testing.T) {
	const drought = "| drought | 9 | 8 | 7 | 6 | 5s | good | `make controls` | 2025-12-31 |\n"
	root := aRepository(t, []string{"flood", "drought"}, drought+"| flood | old | row |\n")
	leave(t, root, "20260120-030000-beef", aRecord())
	keepControls(t, root, "20260121")
	sections, err := readmeSections(root, "")
	testkit.Must(t, err)
	var out strings.Builder
	testkit.Must(t, writeReadme(&out, root, sections))
	text, err := os.ReadFile(trackRecordPath(root))
	testkit.Must(t, err)
	testkit.Contains(t, "the page", string(text),
		"| flood | Rain falls |", "\nold drought\n", drought+"| flood | 1 | 1 | 1 | 0 | 3s |",
		"| 2026-01-20 |\n<!-- end of controls -->\nbelow\n")
	if strings.Contains(string(text), "old flood") || strings.Contains(string(text), "old | row") {
		t.Errorf("the old figures are still there:\n%s", text)
	}
	testkit.Contains(t, "the output", out.String(),
		"drills of flood: put into", "drills of drought: left as it is: no drill of drought is in",
		"run make chaos LABELS=drought first")
}

// Goal: no run takes drills out of the track record that it does not have itself, neither the fullest one that is left nor one
// that is named; one that has them all, and more, takes the place of the table. Method: a whole run is written, and after it a
// part of it and a fuller one, each when the others are gone.
func TestReadmeDropsNoDrill(t *testing.T) {
	root := aRepository(t, []string{"flood"}, "")
	last := ""
	for _, step := range []struct {
		run, named string
		titles     []string
		refused    string
	}{
		{run: "20260101", titles: []string{"Rain falls", "Rain | stops"}},
		{run: "20260102", titles: []string{"Rain falls"}, refused: `shows (Rain \| stops): run make chaos LABELS=flood, or take`},
		{run: "20260103", named: "20260103", titles: []string{"Rain freezes"}, refused: `shows (Rain falls; Rain \| stops): run`},
		{run: "20260104", titles: []string{"Rain freezes", "Rain | stops", "Rain falls"}},
	} {
		for i, title := range step.titles {
			record := aRecord()
			record.ID, record.Title = fmt.Sprint(i), title
			leave(t, root, step.run, record)
		}
		sections, err := readmeSections(root, step.named)
		testkit.Must(t, err)
		var out strings.Builder
		err = writeReadme(&out, root, sections)
		text, readErr := os.ReadFile(trackRecordPath(root))
		if readErr != nil {
			t.Fatal(readErr)
		}
		if refused := step.refused != ""; refused != (err != nil) || refused != (last == string(text)) ||
			!strings.Contains(out.String(), step.refused) {
			t.Errorf("after run %s: %v, the page has changed: %v; it says\n%s", step.run, err, last != string(text), &out)
		}
		last = string(text)
		testkit.Must(t, os.RemoveAll(filepath.Join(module.RunsFolder(root), step.run)))
	}
}

// Goal: a track record that tells of a scenario that does not exist is refused in a sentence, and so is one without
// control arms. Method: a section, then a row, with a slip in the name; then none.
func TestReadmeRefusesUnknownScenarios(t *testing.T) {
	const sentence = `reports/TRACK_RECORD.md tells of an unknown scenario "flod": did you mean flood? known scenarios: ` +
		`drought, flood`
	for _, root := range []string{aRepository(t, []string{"flod"}, ""), aRepository(t, nil, "| flod | 1 |\n")} {
		if _, err := readmeSections(root, ""); err == nil || err.Error() != sentence {
			t.Errorf("the error is %v", err)
		}
	}
	root := aRepository(t, nil, "")
	testkit.Must(t, os.WriteFile(trackRecordPath(root), []byte("nothing\n"), 0o600))
	if _, err := readmeSections(root, ""); err == nil ||
		!strings.Contains(err.Error(), "read the controls in reports/TRACK_RECORD.md: it lacks the line") {
		t.Errorf("the error is %v", err)
	}
}

// Goal: a result that cannot be read is an error with its path, and none is not. Method: files of each kind.
func TestReadResults(t *testing.T) {
	folder := t.TempDir()
	read := func() ([]map[string]int, error) {
		return readResults[map[string]int](filepath.Join(folder, "*.json"))
	}
	if results, err := read(); err != nil || len(results) != 0 {
		t.Errorf("of nothing: %v, %v", results, err)
	}
	for _, step := range []struct{ name, text, want string }{
		{"a.json", `{"a":1}`, "[map[a:1]]"},
		{"b.json", `{"b":2}`, "[map[a:1] map[b:2]]"},
		{"c.txt", "no", "[map[a:1] map[b:2]]"},
	} {
		testkit.Must(t, os.WriteFile(filepath.Join(folder, step.name), []byte(step.text), 0o600))
		if results, err := read(); err != nil || fmt.Sprint(results) != step.want {
			t.Errorf("after %s: %v, %v", step.name, results, err)
		}
	}
	bad := filepath.Join(folder, "d.json")
	testkit.Must(t, os.WriteFile(bad, []byte("{"), 0o600))
	if _, err := read(); err == nil || !strings.Contains(err.Error(), "read "+bad) {
		t.Errorf("the error is %v", err)
	}
}

// readme is the text of this repository's README, and where the repository is.
func readme(t *testing.T) (text, root string) {
	t.Helper()
	root, err := module.Root()
	testkit.Must(t, err)
	content, err := os.ReadFile(filepath.Join(root, "README.md"))
	testkit.Must(t, err)
	return string(content), root
}

// mostReadmeLines is what a person reads before trying.
const mostReadmeLines = 150

// Goal: the README stays a guide. Method: its lines are counted.
func TestReadmeIsShort(t *testing.T) {
	text, _ := readme(t)
	if lines := strings.Count(text, "\n"); lines > mostReadmeLines {
		t.Errorf("README.md has %d lines and may have %d: figures belong to %s, details to CONTRIBUTING or an ADR", lines,
			mostReadmeLines, Page)
	}
}

// example is the scenario in the README.
func example(t *testing.T) (source, root string) {
	t.Helper()
	text, root := readme(t)
	_, rest, found := strings.Cut(text, "```go\n")
	source, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatal("README.md has no Go example")
	}
	return source, root
}

// mostStatements is what somebody writes for a first drill, imports aside.
const mostStatements = 15

// Goal: the README's drill is the one that pkg.go.dev shows with package suite, and short. Method: the text of the Example,
// without its indentation, has to be in the README; the statements of the drill's function are counted.
func TestReadmeShowsTheExampleOfSuite(t *testing.T) {
	shown, root := example(t)
	content, err := os.ReadFile(filepath.Join(root, "harness", "suite", "example_test.go"))
	testkit.Must(t, err)
	_, rest, found := strings.Cut(string(content), "\nfunc Example() {\n\t")
	body, _, closed := strings.Cut(rest, "\n}\n")
	if body = "var " + strings.ReplaceAll(body, "\n\t", "\n"); !found || !closed || !strings.HasSuffix(shown, "\n"+body+"\n") {
		t.Errorf("README.md shows\n%s\nand the Example of package suite is\n%s", shown, body)
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), "example.go", shown, 0)
	testkit.Must(t, err)
	statements := 0
	ast.Inspect(parsed, func(node ast.Node) bool {
		if literal, ok := node.(*ast.FuncLit); ok {
			statements += len(literal.Body.List)
		}
		return true
	})
	if statements == 0 || statements > mostStatements {
		t.Errorf("the drill has %d statements and may have %d", statements, mostStatements)
	}
}

// Goal: the scenario in the README is one. Method: it is compiled as if it stood in the folder it
// talks about.
func TestReadmeExampleCompiles(t *testing.T) {
	example, root := example(t)
	folder := t.TempDir()
	source, overlay := filepath.Join(folder, "example.go"), filepath.Join(folder, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{
		"Replace": {filepath.Join(root, "scenarios", "ourincident", "example.go"): source},
	})
	testkit.Must(t, err)
	testkit.Must(t, errors.Join(os.WriteFile(source, []byte(example), 0o600), os.WriteFile(overlay, replace, 0o600)))
	arguments := slices.Concat([]string{"build", "-overlay", overlay}, testkit.BuildFlags, []string{"./scenarios/ourincident"})
	build := exec.CommandContext(t.Context(), "go", arguments...)
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, output)
	}
	formatted, err := format.Source([]byte(example))
	if err != nil || string(formatted) != example {
		t.Errorf("the example is not formatted as gofmt would (%v)", err)
	}
}

// Goal: the README and the guide name no target that the Makefile lacks. Method: every word after
// "make" is looked up.
func TestReadmeNamesTargetsThatExist(t *testing.T) {
	text, root := readme(t)
	guide, err := os.ReadFile(filepath.Join(root, ".github", "CONTRIBUTING.md"))
	testkit.Must(t, err)
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	testkit.Must(t, err)
	named := regexp.MustCompile("(?m)(?:^|`|&& )make ([a-z]+)").FindAllStringSubmatch(text+string(guide), -1)
	if len(named) < 5 {
		t.Fatalf("only %d targets are named: is this still how they are written?", len(named))
	}
	for _, target := range named {
		if !strings.Contains(string(makefile), "\n"+target[1]+":") {
			t.Errorf("the Makefile has no target %q", target[1])
		}
	}
}

// Goal: a module without a track record is told what that is, and where its own figures are. Method: an empty module.
func TestReadmeNeedsATrackRecord(t *testing.T) {
	t.Chdir(t.TempDir())
	testkit.Must(t, os.WriteFile("go.mod", []byte("module example.com/acme\n"), 0o600))
	err := Write(io.Discard, "")
	var wrong usage.Error
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "has no reports/TRACK_RECORD.md, into which a clone of Reprise") ||
		!strings.HasSuffix(err.Error(), filepath.Join("reports", "out", "latest", "index.html")) {
		t.Errorf("the error is %v", err)
	}
}
