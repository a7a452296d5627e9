package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/engine/enginetest"
)

// emptyEngine listens as an engine that has nothing and can make nothing, with an id of its own.
func emptyEngine(t *testing.T) *engine.Engine {
	t.Helper()
	id := "the engine of " + t.TempDir()
	host := enginetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Method != http.MethodGet:
			http.Error(w, `{"message": "it can make nothing"}`, http.StatusInternalServerError)
		case strings.HasSuffix(r.URL.Path, "/info"):
			_ = json.NewEncoder(w).Encode(map[string]any{"ID": id, "SystemTime": "2026-01-20T03:00:00Z"})
		case strings.HasSuffix(r.URL.Path, "/volumes"):
			fmt.Fprint(w, `{"Volumes": []}`)
		case strings.Contains(r.URL.Path, "/images/") && !strings.HasSuffix(r.URL.Path, "/images/json"): // a list of none is an answer
			http.Error(w, `{"message": "it has no images"}`, http.StatusInternalServerError)
		default:
			fmt.Fprint(w, `[]`)
		}
	})
	t.Setenv("DOCKER_HOST", host)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	connection, err := engine.Connect(t.Context())
	testkit.Must(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

// An impatient writer ends a context when a command says that it waits.
type impatient struct {
	strings.Builder
	end context.CancelFunc
}

func (i *impatient) Write(data []byte) (int, error) {
	if strings.Contains(string(data), "waiting: ") {
		i.end()
	}
	return i.Builder.Write(data)
}

// Goal: every command that uses an engine takes turns with the others on it, or says whom it would disturb; what measures is
// alone, what makes images is not. Method: the commands themselves, on an engine that has nothing, beside a drill and beside
// the making of images; those that wait are interrupted.
func TestCommandsTakeTurns(t *testing.T) {
	if _, err := exec.LookPath("docker"); err != nil {
		t.Skip("bench wants the docker command")
	}
	connection := emptyEngine(t)
	for _, beside := range []struct {
		mode  engine.LockMode
		doing string
		wait  []string
	}{
		{engine.Exclusive, "reprise chaos", []string{"chaos", "controls", "calibrate", "verdicts", "bench", "images"}},
		{engine.Shared, "reprise images", []string{"chaos", "controls", "calibrate", "verdicts", "bench"}},
	} {
		other, err := engine.TakeLock(t.Context(), connection, beside.mode, beside.doing, nil)
		testkit.Must(t, err)
		for _, name := range []string{"chaos", "controls", "calibrate", "verdicts", "bench", "images", "doctor", "clean"} {
			if command(io.Discard).Command(name) == nil {
				continue // of a build without the tag bench
			}
			ctx, end := context.WithCancel(t.Context())
			out := &impatient{end: end}
			err := command(out).Run(ctx, []string{"reprise", name})
			_, whom, waited := strings.Cut(out.String(), "waiting: this engine is in use (")
			waited = waited && strings.Contains(whom, beside.doing+" of user ")
			if waited != slices.Contains(beside.wait, name) || waited && err == nil {
				t.Errorf("%s beside %s: %v, and it says\n%s", name, beside.doing, err, out)
			}
			end()
			if said := strings.Contains(out.String(), beside.doing); name == "clean" && !said || name == "doctor" &&
				said != (beside.mode == engine.Exclusive) {
				t.Errorf("%s beside %s says\n%s", name, beside.doing, out.String())
			}
		}
		other.Release()
	}
	testkit.Expect(t, command(&strings.Builder{}).Run(t.Context(), []string{"reprise", "clean"}), "")
	if locks, _ := filepath.Glob("/tmp/reprise-*.lock"); len(locks) > 0 {
		for _, lock := range locks {
			if text, _ := os.ReadFile(lock); strings.Contains(string(text), fmt.Sprintf(`"process":%d,`, os.Getpid())) {
				t.Errorf("cleaning leaves the lock %s", lock)
			}
		}
	}
}
