package repository

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// aModule makes a module that uses Reprise, with drills of two kinds and what is none.
func aModule(t *testing.T) string {
	t.Helper()
	const drill = `package x
import (
	. "github.com/onsi/ginkgo/v2"
	"github.com/reprise-dr/reprise/harness/suite"
)
var _, _ = suite.Run, Describe("rain", Label("water", "2021-03-10-fire"))
`
	root := t.TempDir()
	for path, text := range map[string]string{
		"go.mod":                     "module example.com/acme\n\ngo 1.26\n",
		"drills/flood/flood_test.go": drill,
		"drills/fire/fire_test.go":   strings.Replace(drill, "package x", "package x_test", 1),
		"drills/doc.go":              "package drills\n",
		"drills/unit/unit_test.go":   "package unit\nimport _ \"testing\"\n",
		"shop/shop.go":               "package shop\n",
		"broken/broken_test.go":      "package broken\nimport \"testing\nfunc {\n",
		"inner/go.mod":               "module example.com/inner\n\ngo 1.26\n",
		"inner/frost/frost_test.go":  drill,
	} {
		path = filepath.Join(root, path)
		testkit.Must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		testkit.Must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return root
}

// Goal: package patterns find the drills of any module, as the go command reads them, wherever it is called, and nothing else;
// what may be a drill and cannot be read is no drill less, but one sentence. Method: a module with drills, tests that are none,
// a broken one and a module inside it.
func TestPatternsFindDrills(t *testing.T) {
	root := aModule(t)
	for _, test := range []struct{ here, pattern, folders, problem string }{
		{".", "./drills/...", "./drills/fire ./drills/flood", ""},
		{"drills", "./...", "./drills/fire ./drills/flood", ""},
		{"drills/fire", ".", "./drills/fire", ""},
		{".", "example.com/acme/drills/flood", "./drills/flood", ""},
		{".", "./shop/...", "", "no package that ./shop/... names has tests that import"},
		{".", "./nowhere/...", "", "read the package ./nowhere/..."},
		{".", "./nowhere", "", "read the package "},
		{".", "./...", "", "broken_test.go:2"},
		{".", "./inner/frost", "", "read the package "},
	} {
		known, err := ReadPackages(t.Context(), root, filepath.Join(root, test.here), []string{test.pattern})
		if got := strings.Join(known.Folders, " "); got != test.folders || (err == nil) != (test.problem == "") {
			t.Errorf("%s at %s: %q, %v", test.pattern, test.here, got, err)
		}
		var wrong usage.Error
		if err != nil && (!errors.As(err, &wrong) || !strings.Contains(err.Error(), test.problem) ||
			strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s at %s: the error is %v, want one line with %q that blames the command line", test.pattern, test.here, err,
				test.problem)
		}
	}
}

// Goal: drills of others are chosen by whatever labels they have, also by those that no test file shows; the postmortems that
// can be read are known, and where there is none, one sentence says so. Method: the catalog of a module.
func TestDrillsOfOthersHaveAnyLabels(t *testing.T) {
	root := aModule(t)
	known, err := ReadPackages(t.Context(), root, root, []string{"./drills/..."})
	testkit.Must(t, err)
	testkit.Expect(t, known.CheckLabels("water && !from-a-helper"), "")
	if err := known.CheckLabels("water &&"); err == nil {
		t.Error("half an expression is none")
	}
	for expression, unseen := range map[string]bool{
		"": false, "water && !nightly": false, "from-a-helper": true, "water || watre": true, "/watre/": false,
	} {
		if got := known.Unseen(expression); got != unseen {
			t.Errorf("%q names what the source does not show: %v", expression, got)
		}
	}
	if got := known.Chosen("from-a-helper"); !slices.Equal(got, known.Folders) {
		t.Errorf("only %q are compiled", got)
	}
	if label, err := known.PostmortemLabel("2021-03-10-fire"); err != nil || label != "2021-03-10-fire" {
		t.Errorf("the label is %q, %v", label, err)
	}
	const none = "no spec here carries the label of a postmortem: give those that replay one a label of its date and " +
		`its name, as in Label("2020-01-20-ip-renumbering")`
	for _, id := range []string{"", "2021-03-10-fire"} {
		_, err := Catalog{labels: []string{"water"}}.PostmortemLabel(id)
		testkit.Expect(t, err, none)
	}
	elsewhere := Catalog{labels: []string{"water"}, byPattern: true, unread: true} // a constant of another package
	for id, known := range map[string]bool{"2021-03-10-fire": true, "undated-fire": true, "fire": false, "": false} {
		if _, err := elsewhere.PostmortemLabel(id); (err == nil) != known {
			t.Errorf("%q, where a label cannot be read: the error is %v", id, err)
		}
	}
}

// Goal: the same package has one folder in every catalog. Method: the folders of each kind.
func TestSourceFolders(t *testing.T) {
	for folder, want := range map[string]string{
		"flood": "scenarios/flood", "harness/selftest/verdicts": "harness/selftest/verdicts", "./drills/flood": "drills/flood",
		"./flood": "flood", ".": ".",
	} {
		if got := SourceFolder(folder); got != want {
			t.Errorf("%s is at %s", folder, got)
		}
	}
}
