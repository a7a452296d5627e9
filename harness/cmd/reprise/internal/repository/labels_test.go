package repository

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// tree makes a repository with the given scenario files, by path below scenarios.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range files {
		path = filepath.Join(root, "scenarios", path)
		testkit.Must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		testkit.Must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return root
}

// Goal: every label that a spec can carry is known, and nothing else is. Method: a small tree with
// labels as literals, as constants of another file, qualified, and decoys.
func TestCatalogKnowsEveryLabel(t *testing.T) {
	root := tree(t, map[string]string{
		"flood/flood_test.go": `package flood
const story = "2021-03-10-fire"
var decoy = Tag("decoy")
`,
		"flood/rain_test.go": `package flood
var _ = Describe("rain", Label("water", story), func() {
	It("falls", ginkgo.Label("slow"), func() {})
})
`,
		"internal/suite/suite.go":      `package suite; var _ = Label("not-a-scenario")`,
		"README.md":                    "no folder",
		"empty/notes.md":               "no suite",
		"internal/suite/suite_test.go": `package suite`,
	})
	known, err := ReadCatalog(root)
	testkit.Must(t, err)
	if want := []string{"flood"}; !slices.Equal(known.Folders, want) {
		t.Errorf("the folders are %q, want %q", known.Folders, want)
	}
	if want := []string{"2021-03-10-fire", "flood", "nightly", "slow", "smoke", "water"}; !slices.Equal(known.labels, want) {
		t.Errorf("the labels are %q, want %q", known.labels, want)
	}
	if want := []string{"2021-03-10-fire"}; !slices.Equal(known.postmortems(), want) {
		t.Errorf("the postmortems are %q, want %q", known.postmortems(), want)
	}
}

// Goal: the labels of this repository are found, all of every folder's, so that none is compiled in vain. Method: its own
// tree; the issue promises these.
func TestCatalogOfThisRepository(t *testing.T) {
	root, err := module.Root()
	testkit.Must(t, err)
	known, err := ReadCatalog(root)
	testkit.Must(t, err)
	for _, label := range []string{"renumbering", "smoke", "nightly", "2020-01-20-ip-renumbering"} {
		if !slices.Contains(known.labels, label) {
			t.Errorf("label %s is not among %q", label, known.labels)
		}
	}
	if got := known.Chosen("renumbering && !nightly"); !slices.Equal(got, []string{"renumbering"}) {
		t.Errorf("specs of %q may be of renumbering", got)
	}
}

// Goal: a repository without scenarios is an error, not an empty success. Method: an empty folder.
func TestCatalogNeedsScenarios(t *testing.T) {
	root := tree(t, map[string]string{"README.md": ""})
	if _, err := ReadCatalog(root); err == nil || !strings.Contains(err.Error(), "holds none") {
		t.Errorf("the error is %v", err)
	}
}

var someLabels = Catalog{labels: []string{"2020-01-20-ip-renumbering", "nightly", "nomad", "renumbering", "smoke"}}

// Goal: a folder is run when a spec of it may fit the labels, and not otherwise; one whose labels cannot all be read always is.
// Method: three folders by hand.
func TestChosenFolders(t *testing.T) {
	known := Catalog{Folders: []string{"drought", "fire", "flood"}, carried: map[string][]string{
		"fire":  {"nightly", "smoke"},
		"flood": {"water"},
	}}
	for expression, want := range map[string][]string{
		"":                         {"drought", "fire", "flood"},
		"flood":                    {"drought", "flood"},
		"smoke":                    {"drought", "fire"},
		"fire && !nightly":         {"drought", "fire"},
		"!fire":                    {"drought", "flood"},
		"(smoke, water) && !flood": {"drought", "fire"},
		"water && smoke":           {"drought"},
	} {
		if got := known.Chosen(expression); !slices.Equal(got, want) {
			t.Errorf("%q chooses %q, want %q", expression, got, want)
		}
	}
}

// Goal: a slip in a label expression is one sentence, and a right one passes. Method: a table of both.
func TestCheckLabels(t *testing.T) {
	for _, test := range []struct{ expression, want string }{
		{"", ""},
		{"smoke", ""},
		{"Smoke", ""}, // the runner ignores case as well
		{"renumbering && !nightly", ""},
		{"(smoke, nomad) || 2020-01-20-ip-renumbering", ""},
		{"/re.*ing/ && smoke", ""},
		{"owner: isSubsetOf {a, b} && smoke", ""},
		{"smoek", `unknown label "smoek": did you mean smoke? known labels: 2020-01-20-ip-renumbering, nightly,`},
		{"renumbering && !nightyl", `unknown label "nightyl": did you mean nightly?`},
		{"xyz", `unknown label "xyz"; known labels: `},
		{"smoke &&", `read the label expression "smoke &&": Unexpected EOF`},
		{"smoke & nomad", "Invalid token '&'"},
		{"(smoke", "Mismatched '('"},
	} {
		err := someLabels.CheckLabels(test.expression)
		if test.want == "" {
			if err != nil {
				t.Errorf("%q: %v", test.expression, err)
			}
			continue
		}
		var wrong usage.Error
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: the error is %v, want one line with %q that blames the command line", test.expression, err, test.want)
		}
	}
}

// Goal: a wrong postmortem id says which there are. Method: none, a slip, a stranger, the right one.
func TestPostmortemLabel(t *testing.T) {
	for _, test := range []struct{ id, label, problem string }{
		{"", "", "which postmortem? known ids: 2020-01-20-ip-renumbering"},
		{"2020-01-20-ip-renumberin", "", "did you mean 2020-01-20-ip-renumbering?"},
		{"smoke", "", `unknown postmortem "smoke"`},
		{"2020-01-20-ip-renumbering", "2020-01-20-ip-renumbering", ""},
	} {
		label, err := someLabels.PostmortemLabel(test.id)
		if label != test.label || (err == nil) != (test.problem == "") || err != nil && !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%q gives %q and %v, want %q and %q", test.id, label, err, test.label, test.problem)
		}
	}
}
