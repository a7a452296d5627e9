package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Goal: the suites make their images at the same time, one line tells what is left, and a suite that cannot is left to say so
// when it runs. Method: two suites that each wait for the other, and one that fails.
func TestSuitesMakeTheirImagesSideBySide(t *testing.T) {
	at, out := t.TempDir(), awaiting("")
	meets := func(own, other, image string) string {
		return `[ "$REPRISE_IMAGES" = 1 ] || exit 1
echo '` + image + `: not in the engine'
: > ` + filepath.Join(at, own) + `
until [ -e ` + filepath.Join(at, other) + ` ]; do sleep 0.05; done
echo '` + image + ": ready'\n"
	}
	run := ofSuites(t, out, choice{seed: 7, repeat: 1}, map[string]string{
		"aaa": meets("a", "b", "consul 1.22.5"), "bbb": meets("b", "a", "nomad 1.11.3"),
		"ccc": "echo 'build debian bookworm: no packages'; exit 1\n",
	})
	var err error
	if run.suites, err = run.compile(t.Context(), run.root, "", run.folders); err != nil {
		t.Fatal(err)
	}
	limited, cancel := context.WithTimeoutCause(t.Context(), 30*time.Second, errors.New("one suite waited for the other"))
	defer cancel()
	if err := run.makeImages(limited); err != nil {
		t.Fatal(err)
	}
	if told := out.String(); !strings.HasSuffix(told, "images: 2 of 2 ready\n") {
		t.Errorf("told was %q", told)
	}
}
