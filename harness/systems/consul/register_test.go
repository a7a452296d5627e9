package consul

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/linearizability"
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

// Goal: a correct cluster passes whatever its answers are worth, one that answers with old values does
// not, and every read asks the leader for a confirmed answer.
// Method: the register's clients against three servers that share one store; some writes are carried out
// and never answered.
func TestRegister(t *testing.T) {
	for stale, want := range map[bool]harness.Linearizability{false: harness.Linearizable, true: harness.NotLinearizable} {
		store := newRegisterAPI(stale)
		store.lostAnswer = 5
		register := Register("drill/x")
		history := labtest.Operate(t.Context(), register, cluster(t, store, store, store), 90)
		found, explanation, _ := linearizability.Check(t.Context(), history)
		if found != want {
			t.Errorf("stale %t: found %s: %s", stale, found, explanation)
		}
		if store.unguarded > 0 {
			t.Errorf("%d reads were not in consistent mode", store.unguarded)
		}
		unknown := labtest.CountOperations(history, harness.OperationWrite, harness.OperationUnknown) +
			labtest.CountOperations(history, harness.OperationCompareAndSet, harness.OperationUnknown)
		if unknown != 5 || labtest.CountOperations(history, harness.OperationCompareAndSet, harness.OperationDone) == 0 {
			t.Errorf("%d of 5 lost answers are unknown; %d replacements succeeded", unknown,
				labtest.CountOperations(history, harness.OperationCompareAndSet, harness.OperationDone))
		}
	}
}
