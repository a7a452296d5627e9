package consul

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
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

// A registerAPI is the key-value store of a cluster that has an index for every key. Stale, it answers
// reads now and then with what was there before the last write, as a server does that has not heard of it.
type registerAPI struct {
	stale bool

	mutex      sync.Mutex
	index      int
	keys       map[string]indexed
	before     map[string]indexed
	reads      int
	unguarded  int // reads that were not in consistent mode
	lostAnswer int // so many writes are carried out and not answered
}

type indexed struct {
	value string
	index int
}

func newRegisterAPI(stale bool) *registerAPI {
	return &registerAPI{stale: stale, keys: map[string]indexed{}, before: map[string]indexed{}}
}

func (a *registerAPI) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	key := strings.TrimPrefix(request.URL.Path, "/v1/kv/")
	query := request.URL.Query()
	if request.Method != http.MethodPut {
		a.reads++
		if !query.Has("consistent") {
			a.unguarded++
		}
		found, exists := a.keys[key]
		if a.stale && a.reads%10 == 0 {
			found, exists = a.before[key]
		}
		if !exists {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode([]map[string]any{{
			"Key": key, "Value": base64.StdEncoding.EncodeToString([]byte(found.value)), "ModifyIndex": found.index,
		}})
		return
	}
	value, _ := io.ReadAll(request.Body)
	if query.Has("cas") && query.Get("cas") != strconv.Itoa(a.keys[key].index) {
		_, _ = io.WriteString(w, "false")
		return
	}
	a.index++
	if now, exists := a.keys[key]; exists {
		a.before[key] = now
	}
	a.keys[key] = indexed{string(value), a.index}
	if a.lostAnswer > 0 {
		a.lostAnswer--
		panic(http.ErrAbortHandler)
	}
	_, _ = io.WriteString(w, "true")
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

// Goal: a correct cluster passes whatever its answers are worth, one that answers with old values does
// not, and every read asks the leader for a confirmed answer.
// Method: the register's clients against three servers that share one store; some writes are carried out
// and never answered.
func TestRegister(t *testing.T) {
	for stale, want := range map[bool]harness.Linearizability{false: harness.Linearizable, true: harness.NotLinearizable} {
		store := newRegisterAPI(stale)
		store.lostAnswer = 5
		register := Register("drill/x")
		history := operate(t, register, cluster(t, store, store, store), 90)
		found, explanation, _ := register.Check(t.Context(), history)
		if found != want {
			t.Errorf("stale %t: found %s: %s", stale, found, explanation)
		}
		if store.unguarded > 0 {
			t.Errorf("%d reads were not in consistent mode", store.unguarded)
		}
		unknown := count(history, harness.OperationWrite, harness.OperationUnknown) +
			count(history, harness.OperationCompareAndSet, harness.OperationUnknown)
		if unknown != 5 || count(history, harness.OperationCompareAndSet, harness.OperationDone) == 0 {
			t.Errorf("%d of 5 lost answers are unknown; %d replacements succeeded", unknown,
				count(history, harness.OperationCompareAndSet, harness.OperationDone))
		}
	}
}

// Goal: every client goes by way of its own server and no other, and a replacement of another value is refused.
// Method: three servers of which the second is down; operations by the clients of all of them.
func TestRegisterClientsKeepToTheirServers(t *testing.T) {
	store := newRegisterAPI(false)
	observer := cluster(t, store, nil, store)
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
