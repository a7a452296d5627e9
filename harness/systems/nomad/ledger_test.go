package nomad

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// A store keeps variables and jobs as a server does.
type store struct {
	mutex     sync.Mutex
	variables map[string]string // path -> item "entry"
	jobs      map[string]map[string]any
	keyless   bool // the keyring is lost: variables are listed and cannot be read
}

func (s *store) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	prefix := request.URL.Query().Get("prefix")
	path, isVariable := strings.CutPrefix(request.URL.Path, "/v1/var/")
	switch {
	case isVariable && request.Method == http.MethodPut:
		var variable struct{ Items map[string]string }
		_ = json.NewDecoder(request.Body).Decode(&variable)
		s.variables[path] = variable.Items["entry"]
		_ = json.NewEncoder(w).Encode(map[string]any{"Path": path, "Items": variable.Items})
	case isVariable && s.keyless:
		http.Error(w, "no such key in keyring", http.StatusInternalServerError)
	case isVariable:
		_ = json.NewEncoder(w).Encode(map[string]any{"Path": path, "Items": map[string]string{"entry": s.variables[path]}})
	case request.URL.Path == "/v1/vars":
		var found []map[string]any
		for path := range s.variables {
			if strings.HasPrefix(path, prefix) {
				found = append(found, map[string]any{"Path": path})
			}
		}
		_ = json.NewEncoder(w).Encode(found)
	case request.URL.Path == "/v1/jobs" && request.Method == http.MethodPut:
		var registration struct{ Job map[string]any }
		_ = json.NewDecoder(request.Body).Decode(&registration)
		s.jobs[registration.Job["ID"].(string)] = registration.Job
		_ = json.NewEncoder(w).Encode(map[string]any{})
	case request.URL.Path == "/v1/jobs":
		var found []map[string]any
		for id := range s.jobs {
			if strings.HasPrefix(id, prefix) {
				found = append(found, map[string]any{"ID": id})
			}
		}
		_ = json.NewEncoder(w).Encode(found)
	}
}

func newStore() *store {
	return &store{variables: map[string]string{"other/1": "1", "drill/xy/9": "9"}, jobs: map[string]map[string]any{"canary": {}}}
}

// Goal: what was acknowledged is found again, and nothing else is.
// Method: write entries of both ledgers to servers that share one store, of which the first is down,
// then read them back.
func TestLedgersFindWhatTheyWrote(t *testing.T) {
	for _, ledger := range harness.Ledgers(Variables("drill/x"), Jobs("drill/x")) {
		t.Run(ledger.Name(), func(t *testing.T) {
			kept := newStore()
			observer := servers3(t, nil, kept, kept)
			for entry := range 4 {
				testkit.Must(t, ledger.Write(t.Context(), observer, entry))
			}
			entries, err := ledger.Entries(t.Context(), observer)
			slices.Sort(entries)
			if err != nil || !slices.Equal(entries, []int{0, 1, 2, 3}) {
				t.Errorf("found %v, %v", entries, err)
			}
		})
	}
}

// Goal: a refused write says so, and one that may have happened does not.
// Method: servers that know no leader, that lost it while at it, and that are down.
func TestLedgersTellRefusedFromUnknown(t *testing.T) {
	failing := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, text, http.StatusInternalServerError) })
	}
	cases := map[string]struct {
		server  http.Handler
		refused bool
	}{
		"no leader":       {failing("No cluster leader"), true},
		"lost leadership": {failing("raft apply failed: leadership lost while committing log"), false},
		"down":            {nil, true},
	}
	for name, c := range cases {
		for _, ledger := range harness.Ledgers(Variables("drill/x"), Jobs("drill/x")) {
			t.Run(name+", "+ledger.Name(), func(t *testing.T) {
				err := ledger.Write(t.Context(), servers3(t, c.server, c.server, c.server), 0)
				if err == nil || errors.Is(err, harness.ErrRefused) != c.refused {
					t.Errorf("the error is %v", err)
				}
			})
		}
	}
}

// Goal: variables that nobody can decrypt any more do not count as kept.
// Method: a server that lists them and has lost the key.
func TestVariablesAreDecrypted(t *testing.T) {
	kept := newStore()
	observer := servers3(t, kept, kept, kept)
	labtest.Expect(t, Variables("drill/x").Write(t.Context(), observer, 1), "")
	kept.keyless = true
	_, err := Variables("drill/x").Entries(t.Context(), observer)
	labtest.Expect(t, err, "decrypt variable drill/x/1")
}

// Goal: the ledger of jobs costs the cluster nothing but state, on every version.
// Method: look at the job that arrives: parameterized, never dispatched, with a priority (servers
// before 1.4 refuse a job without).
func TestJobsNeverRun(t *testing.T) {
	kept := newStore()
	labtest.Expect(t, Jobs("drill/x").Write(t.Context(), servers3(t, kept, kept, kept), 5), "")
	job := kept.jobs["drill/x/5"]
	if job["Type"] != "batch" || job["ParameterizedJob"] == nil || job["Priority"] != float64(defaultPriority) {
		t.Errorf("the job is %v", job)
	}
}
