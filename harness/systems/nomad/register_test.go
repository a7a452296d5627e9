package nomad

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/linearizability"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// A registerAPI is the variables of a cluster. Forgetful, it loses an acknowledged write now and then. Stale, it
// answers reads with what was there before the last write, as a leader may that has just been deposed: its
// log knows better.
type registerAPI struct {
	stale, forgetful bool

	mutex      sync.Mutex
	index      int
	reads      int
	writes     int
	variables  map[string]indexed
	before     map[string]indexed
	lostAnswer int // so many writes are carried out and not answered
}

type indexed struct {
	value string
	index int
}

func (a *registerAPI) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	path := strings.TrimPrefix(request.URL.Path, "/v1/var/")
	now := a.variables[path]
	cas := request.URL.Query().Get("cas")
	switch {
	case request.Method == http.MethodGet:
		a.reads++
		if a.stale && a.reads%10 == 0 {
			now = a.before[path]
		}
		if now.index == 0 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(now.json(path))
	case cas != "" && cas != strconv.Itoa(now.index):
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(now.json(path))
	case request.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	default:
		a.write(path, request)
		if a.lostAnswer > 0 {
			a.lostAnswer--
			panic(http.ErrAbortHandler)
		}
		_ = json.NewEncoder(w).Encode(a.variables[path].json(path))
	}
}

func (a *registerAPI) write(path string, request *http.Request) {
	var variable struct{ Items map[string]string }
	_ = json.NewDecoder(request.Body).Decode(&variable)
	a.index++
	a.writes++
	if now := a.variables[path]; now.value != variable.Items["value"] {
		a.before[path] = now
	}
	if a.forgetful && a.writes%10 == 0 {
		return
	}
	a.variables[path] = indexed{variable.Items["value"], a.index}
}

func (i indexed) json(path string) map[string]any {
	return map[string]any{"Path": path, "ModifyIndex": i.index, "Items": map[string]string{"value": i.value}}
}

// Goal: a cluster that loses an acknowledged write is found, one that keeps its promises passes, and so
// does one that answers plain reads with old values, which Nomad does not promise to avoid.
// Method: the register's clients against three servers that share one store; some writes are carried out
// and never answered.
func TestRegister(t *testing.T) {
	for name, c := range map[string]struct {
		stale, forgetful bool
		want             harness.Linearizability
	}{
		"sound": {want: harness.Linearizable}, "stale reads": {stale: true, want: harness.Linearizable},
		"forgetful": {forgetful: true, want: harness.NotLinearizable},
	} {
		store := &registerAPI{
			stale: c.stale, forgetful: c.forgetful, variables: map[string]indexed{}, before: map[string]indexed{}, lostAnswer: 5,
		}
		register := Register("drill/x")
		history := labtest.Operate(t.Context(), register, servers3(t, store, store, store), 90)
		if found, explanation, _ := linearizability.Check(t.Context(), history); found != c.want {
			t.Errorf("%s: found %s: %s", name, found, explanation)
		}
		if labtest.CountOperations(history, harness.OperationCompareAndSet, harness.OperationDone) == 0 ||
			labtest.CountOperations(history, harness.OperationRead, harness.OperationDone) < 60 {
			t.Errorf("%s: hardly anything succeeded", name)
		}
	}
}
