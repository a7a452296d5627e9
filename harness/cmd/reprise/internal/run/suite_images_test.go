package run

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: the suites make their images at the same time, one line tells what is left, and a suite that cannot does not
// stop the others. Method: two suites that each wait for the other, and one that fails.
func TestSuitesMakeTheirImagesSideBySide(t *testing.T) {
	at, out := t.TempDir(), awaiting("")
	meets := func(own, other, image string) string {
		return `[ "$REPRISE_IMAGES" = 1 ] || exit 1
echo '` + image + `: not in the engine'
: > ` + filepath.Join(at, own) + `
until [ -e ` + filepath.Join(at, other) + ` ]; do sleep 0.05; done
echo '` + image + ": ready'\n"
	}
	run := ofSuites(t, out, Options{Seed: 7, Repeat: 1}, map[string]string{
		"aaa": meets("a", "b", "consul 1.22.5"), "bbb": meets("b", "a", "nomad 1.11.3"),
		"ccc": "echo 'build debian bookworm: no packages'; exit 1\n",
	})
	var err error
	if run.suites, err = run.compile(t.Context(), run.root, "", run.Folders); err != nil {
		t.Fatal(err)
	}
	var chosen plan
	for _, one := range run.suites {
		chosen = append(chosen, suitePlan{suite: one, specs: []plannedSpec{{title: "falls"}}})
	}
	limited, cancel := context.WithTimeoutCause(t.Context(), 30*time.Second, errors.New("one suite waited for the other"))
	defer cancel()
	testkit.Must(t, run.makeImages(limited, []plan{chosen}))
	if told := out.String(); !strings.HasSuffix(told, "images: 2 of 2 ready\n") {
		t.Errorf("told was %q", told)
	}
}

// Goal: a suite whose images were not made is a failure with what was said, and does not run; one of which nothing is planned
// makes none. Method: a build that fails, one that is killed, and a suite without chosen specs, beside one that passes.
func TestSuiteWithoutImagesNeverRuns(t *testing.T) {
	var out strings.Builder
	ran := t.TempDir()
	making := func(name, images, specs string) string {
		return `if [ "$REPRISE_IMAGES" = 1 ]; then ` + images + "; fi\n" + writesReport(specs, true) +
			`[ -n "$dry" ] || : > ` + filepath.Join(ran, name) + "\n"
	}
	named := func(verb string) string { return strings.ReplaceAll(specPassed, "falls", verb) }
	run := ofSuites(t, &out, Options{Seed: 7, Repeat: 1}, map[string]string{
		"aaa": making("aaa", "exit 0", specPassed),
		"bbb": making("bbb", "echo 'build consul: no modules'; exit 1", named("freezes")),
		"ccc": making("ccc", "echo 'build debian'; kill -KILL $$", named("thaws")),
		"ddd": making("ddd", ": > "+filepath.Join(ran, "made by ddd"), ""),
	})
	run.images = run.makeImages
	if err := run.all(t.Context()); !errors.Is(err, ErrRed) {
		t.Errorf("the run ends with %v", err)
	}
	for name, text := range everyFormat(t, run.folder(), out.String()) {
		for _, want := range []string{
			noImages + ": exit status 1", "build consul: no modules", noImages + ": signal 9 (killed)",
			"build debian", "never ran: " + noImages,
		} {
			if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
				t.Errorf("%s lacks %q:\n%s", name, want, text)
			}
		}
	}
	if !strings.HasSuffix(out.String(), "1 passed, 4 failed, 0 skipped\n") {
		t.Errorf("the last line is another one:\n%s", out.String())
	}
	if left, _ := filepath.Glob(filepath.Join(ran, "*")); len(left) != 1 || filepath.Base(left[0]) != "aaa" {
		t.Errorf("what ran or made images is %q", left)
	}
}
