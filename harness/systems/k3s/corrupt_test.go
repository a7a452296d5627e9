package k3s

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/labtest"
)

const stateFile = database + "/state.db"

// breakable is a server with a datastore, whose files a shell can move, and which says this at every start.
func breakable(t *testing.T, says string) *machines {
	t.Helper()
	machines := newMachines(t)
	put := func(path string, data []byte) {
		testkit.Must(t, machines.Lab.WriteFile(t.Context(), "server-1", harness.File{Path: path, Data: data}))
	}
	put(stateFile, []byte("SQLite format 3"))
	machines.run = func(node string, argv []string) (string, error) {
		switch script := strings.Join(argv, " "); {
		case strings.Contains(script, "mkdir -p"):
			put(database+"/before-corruption/state.db", []byte("SQLite format 3"))
		case strings.Contains(script, "rmdir"):
			put(stateFile, []byte("SQLite format 3"))
		case script == "sv kill k3s":
			machines.Print(node, says)
		}
		return "", nil
	}
	machines.OnStart = func(node string) { machines.Print(node, says) }
	return machines
}

const refusal = `level=error msg="failed to ping connection: file is not a database"`

// Goal: the datastore is exchanged before the kill, the proof is k3s's own word, and the revert puts back
// what was there. Method: kill the main process in one case, and by a command in the other.
func TestCorruptDatastore(t *testing.T) {
	for name, fault := range map[string]CorruptDatastore{
		"main process": {Node: "server-1"},
		"supervised":   {Node: "server-1", Kill: []string{"sv", "kill", "k3s"}},
	} {
		t.Run(name, func(t *testing.T) {
			machines := breakable(t, refusal)
			injection, err := fault.Inject(t.Context(), machines)
			testkit.Must(t, err)
			done := machines.journal()
			if last := done[len(done)-1]; last != map[bool]string{
				true:  "exec server-1: sv kill k3s",
				false: "start server-1",
			}[fault.Kill != nil] {
				t.Errorf("it ended with %q", last)
			}
			if killed := len(machines.strikes) == 1; killed != (fault.Kill == nil) || injection.Impact().Before.IsZero() {
				t.Errorf("strikes: %v, t0: %v", machines.strikes, injection.Impact().Before)
			}
			present, err := machines.ReadFile(t.Context(), "server-1", stateFile)
			if err != nil || !bytes.Equal(present, rubbish) {
				t.Errorf("the datastore is %.20q, %v", present, err)
			}
			seen, err := injection.Confirm(t.Context())
			labtest.Expect(t, err, "")
			if !strings.Contains(seen, "the API of server-1 does not answer, and k3s says: "+refusal) {
				t.Errorf("seen: %s", seen)
			}
			for range 2 {
				labtest.Expect(t, injection.Revert(t.Context()), "")
			}
			if present, err := machines.ReadFile(t.Context(), "server-1", stateFile); err != nil || string(present) != "SQLite format 3" {
				t.Errorf("reverted to %.20q, %v", present, err)
			}
			if starts := slices.DeleteFunc(machines.journal(),
				func(what string) bool { return what != "start server-1" }); len(starts) > 1 {
				t.Errorf("it was started %d times by two reverts", len(starts))
			}
		})
	}
}

// Goal: k3s's word is found in the log file of a supervised service too, and old words do not count.
// Method: a log file that has complained once before.
func TestCorruptDatastoreLogFile(t *testing.T) {
	const file = "/var/log/k3s/current"
	machines := breakable(t, "restarted")
	write := func(text string) {
		testkit.Must(t, machines.Lab.WriteFile(t.Context(), "server-1", harness.File{Path: file, Data: []byte(text)}))
	}
	write("long ago: " + refusal + "\n")
	injection, err := CorruptDatastore{Node: "server-1", Kill: []string{"sv", "kill", "k3s"}}.Inject(t.Context(), machines)
	testkit.Must(t, err)
	_, err = injection.(*corruption).complaint(t.Context())
	labtest.Expect(t, err, "its log does not say that the datastore is broken")
	write("long ago: " + refusal + "\nnow: database disk image is malformed\n")
	line, err := injection.(*corruption).complaint(t.Context())
	if err != nil || line != "now: database disk image is malformed" {
		t.Errorf("found %q, %v", line, err)
	}
	write(refusal + "\n") // rotated meanwhile
	line, err = injection.(*corruption).complaint(t.Context())
	if err != nil || line != refusal {
		t.Errorf("found %q, %v", line, err)
	}
}

// Goal: what does not bite is not confirmed, what is not there cannot be corrupted, and what has been
// replaced is not reverted. Method: an API that still answers, a node without a datastore, a new datastore.
func TestCorruptDatastoreThatDoesNotBite(t *testing.T) {
	machines := breakable(t, refusal)
	machines.serve(t, "server-1", "secret", &api{answers: map[string]any{"GET /readyz": "ok"}})
	injection, err := CorruptDatastore{Node: "server-1"}.Inject(t.Context(), machines)
	testkit.Must(t, err)
	_, err = injection.Confirm(t.Context())
	labtest.Expect(t, err, "the API server of server-1 still answers")

	testkit.Must(t, machines.Lab.WriteFile(t.Context(), "server-1", harness.File{Path: stateFile, Data: []byte("restored")}))
	machines.journal()
	labtest.Expect(t, injection.Revert(t.Context()), "")
	if done := machines.journal(); len(done) > 0 {
		t.Errorf("the revert did %q to a datastore that is not the fault's", done)
	}
	_, err = CorruptDatastore{Node: "server-2"}.Inject(t.Context(), machines)
	labtest.Expect(t, err, "find the datastore of k3s on server-2")
}
