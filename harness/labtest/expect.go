package labtest

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Serving is a lab of no machines with a web site at an address, which ends with the test. A nil
// handler leaves the address without one.
func Serving(t testing.TB, address string, handler http.Handler) *Lab {
	t.Helper()
	lab := New(harness.Topology{})
	t.Cleanup(lab.Close)
	if handler != nil {
		lab.Serve(harness.VantageObserver, address, handler)
	}
	return lab
}

// Says answers with a status and a body after the whole request has come.
func Says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		_, _ = io.Copy(io.Discard, request.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// Expect checks that an error contains what is wanted; "" wants none.
func Expect(t testing.TB, err error, want string) {
	t.Helper()
	testkit.Expect(t, err, want)
}

// Perform carries a runbook out and returns what each step did to the nodes, up to the first step that fails.
func Perform(ctx context.Context, lab *Lab, runbook harness.Runbook) ([]string, error) {
	var done []string
	for _, step := range runbook.Steps() {
		if step.Do == nil { // it only declares time
			continue
		}
		err := step.Do(ctx, lab)
		done = append(done, step.Name+": "+strings.Join(lab.Journal(), ", "))
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// ExpectDone carries a runbook out and checks what each step did to the nodes.
func ExpectDone(t testing.TB, lab *Lab, runbook harness.Runbook, want ...string) {
	t.Helper()
	done, err := Perform(t.Context(), lab, runbook)
	if err != nil || !slices.Equal(done, want) {
		t.Errorf("%s: error %v; was done:\n%s\nwant:\n%s", runbook.Name(), err, strings.Join(done, "\n"), strings.Join(want, "\n"))
	}
}
