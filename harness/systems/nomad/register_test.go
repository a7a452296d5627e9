package nomad

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
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

// operate carries out operations of all clients at the same time and returns the history. Every client
// reads, writes a new value, and replaces what it has read, by turns.
func operate(t *testing.T, register harness.Register, observer harness.Observer, rounds int) []harness.Operation {
	t.Helper()
	began := time.Now()
	var mutex sync.Mutex
	var history []harness.Operation
	var clients sync.WaitGroup
	for client := range register.Clients() {
		clients.Go(func() {
			seen := 0
			for round := range rounds {
				operation := harness.Operation{Client: client, Key: round / 3 % 2, Value: 1 + round*register.Clients() + client}
				operation.Kind = []harness.OperationKind{
					harness.OperationRead, harness.OperationCompareAndSet,
					harness.OperationWrite,
				}[round%3]
				if operation.Kind == harness.OperationCompareAndSet {
					operation.Expected = seen
				}
				operation.Call = time.Since(began)
				value, err := register.Do(t.Context(), observer, operation)
				operation.Return = time.Since(began)
				operation.Outcome = harness.OperationDone
				switch {
				case errors.Is(err, harness.ErrRefused):
					operation.Outcome = harness.OperationRefused
				case err != nil:
					operation.Outcome = harness.OperationUnknown
				case operation.Kind == harness.OperationRead:
					operation.Value, seen = value, value
				}
				mutex.Lock()
				history = append(history, operation)
				mutex.Unlock()
			}
		})
	}
	clients.Wait()
	return history
}

// count counts the operations of a kind with an outcome.
func count(history []harness.Operation, kind harness.OperationKind, outcome harness.OperationOutcome) int {
	return len(slices.DeleteFunc(slices.Clone(history), func(o harness.Operation) bool {
		return o.Kind != kind ||
			o.Outcome != outcome
	}))
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
		history := operate(t, register, servers3(t, store, store, store), 90)
		if found, explanation, _ := register.Check(t.Context(), history); found != c.want {
			t.Errorf("%s: found %s: %s", name, found, explanation)
		}
		if count(history, harness.OperationCompareAndSet, harness.OperationDone) == 0 ||
			count(history, harness.OperationRead, harness.OperationDone) < 60 {
			t.Errorf("%s: hardly anything succeeded", name)
		}
	}
}

// Goal: every client goes by way of its own server and no other, and a replacement of another value is refused.
// Method: three servers of which the second is down; operations by the clients of all of them.
func TestRegisterClientsKeepToTheirServers(t *testing.T) {
	store := &registerAPI{variables: map[string]indexed{}, before: map[string]indexed{}}
	observer := servers3(t, store, nil, store)
	register := Register("drill/x")
	for client := range register.Clients() {
		_, err := register.Do(t.Context(), observer, harness.Operation{
			Client: client, Key: 1, Kind: harness.OperationWrite,
			Value: client + 1,
		})
		if errors.Is(err, harness.ErrRefused) != (client%3 == 1) || (err != nil) != (client%3 == 1) {
			t.Errorf("client %d: %v", client, err)
		}
	}
	_, err := register.Do(t.Context(), observer, harness.Operation{
		Key: 1, Kind: harness.OperationCompareAndSet, Expected: 99,
		Value: 100,
	})
	if !errors.Is(err, harness.ErrRefused) {
		t.Errorf("a replacement of another value: %v", err)
	}
	labtest.Expect(t, err, "another value")
}
