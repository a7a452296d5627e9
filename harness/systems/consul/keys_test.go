package consul

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// A takesTransactions is as much of a Consul server as writes keys all at once.
type takesTransactions struct {
	leaderless int    // how many transactions come before there is a leader
	rollsBack  string // why it rolls every transaction back; "" takes them
	keys       map[string]string
	asked      int
}

func (s *takesTransactions) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	s.asked++
	if request.URL.Path != "/v1/txn" || request.Method != http.MethodPut {
		http.NotFound(w, request)
		return
	}
	if s.asked <= s.leaderless {
		http.Error(w, "No cluster leader", http.StatusInternalServerError)
		return
	}
	if s.rollsBack != "" {
		w.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprintf(w, `{"Errors": [{"OpIndex": 0, "What": %q}]}`, s.rollsBack)
		return
	}
	var operations []struct {
		KV struct{ Verb, Key, Value string }
	}
	if err := json.NewDecoder(request.Body).Decode(&operations); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, operation := range operations {
		if value, err := base64.StdEncoding.DecodeString(operation.KV.Value); err == nil && operation.KV.Verb == "set" {
			s.keys[operation.KV.Key] = string(value)
		}
	}
	_, _ = fmt.Fprint(w, `{"Results": []}`)
}

// Goal: keys are written in one transaction, when there is a leader; a transaction that is rolled back is not tried again.
// Method: put two keys through servers in different states.
func TestPutKeys(t *testing.T) {
	for name, c := range map[string]struct {
		server takesTransactions
		asked  int
		want   string
	}{
		"at once":      {takesTransactions{}, 1, ""},
		"after a vote": {takesTransactions{leaderless: 1}, 2, ""},
		"rolled back":  {takesTransactions{rollsBack: "key is locked"}, 1, "key is locked"},
	} {
		t.Run(name, func(t *testing.T) {
			c.server.keys = map[string]string{}
			machines := labtest.New(harness.Topology{Nodes: []harness.Node{{Name: "consul-1", Role: ServerRole}}})
			t.Cleanup(machines.Close)
			machines.Serve("consul-1", httpAddress, &c.server)
			values := map[string]string{"site/rule": "all", "site/server": "here"}
			labtest.Expect(t, PutKeys(t.Context(), machines, values), c.want)
			if c.server.asked != c.asked {
				t.Errorf("it was asked %d times", c.server.asked)
			}
			if c.want == "" && fmt.Sprint(c.server.keys) != fmt.Sprint(values) {
				t.Errorf("it has %v", c.server.keys)
			}
		})
	}
}

// Goal: what cannot be one transaction is said before anybody is asked.
func TestPutKeysRefuses(t *testing.T) {
	err := PutKeys(t.Context(), labtest.New(harness.Topology{}), nil)
	labtest.Expect(t, err, "put 0 keys into Consul: one transaction has 1 to 64")
}

// Goal: the runbook does what all of them have to do, and writes what is true when it is carried out.
// Method: the contract, with the address that a node has.
func TestKeysWritten(t *testing.T) {
	server := &takesTransactions{keys: map[string]string{}}
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{{Name: "consul-1", Role: ServerRole}}})
	t.Cleanup(machines.Close)
	machines.Serve("consul-1", httpAddress, server)
	written := KeysWritten{What: "where the server is", Values: func(observer harness.Observer) (map[string]string, error) {
		now, err := observer.Addresses("consul-1")
		return map[string]string{"server": now.IPv6.String()}, err
	}}
	labtest.Expect(t, labtest.TestRunbook(t.Context(), machines, labtest.RunbookCase{Runbook: written}), "")
	if server.keys["server"] == "" {
		t.Errorf("it has %v", server.keys)
	}
}
