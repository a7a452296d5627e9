package consul

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

const at1, at2, at3 = "[fd00:d1::11]:8300", "[fd00:d1::12]:8300", "[fd00:d1::13]:8300"

// cluster is three Consul servers in memory; a nil handler is a server whose API is down.
func cluster(t *testing.T, apis ...http.Handler) *labtest.Lab {
	t.Helper()
	var topology harness.Topology
	for i := range 3 {
		at := netip.MustParseAddr(fmt.Sprintf("fd00:d1::1%d", i+1))
		text := fmt.Sprintf(`{"node_name": "consul-%d", "bind_addr": "%s", "retry_join": ["[fd00:d1::11]:8301", `+
			`"[fd00:d1::12]:8301"]}`, i+1, at)
		topology.Nodes = append(topology.Nodes, harness.Node{
			Name: fmt.Sprintf("consul-%d", i+1), Role: ServerRole, IPv6: at,
			System: harness.System{
				Command: []string{"consul"},
				Files:   []harness.File{{Path: "/etc/consul.d/consul.json", Data: []byte(text)}},
			},
		})
	}
	machines := labtest.New(topology)
	t.Cleanup(machines.Close)
	for i, api := range apis {
		if api != nil {
			machines.Serve(topology.Nodes[i].Name, httpAddress, api)
		}
	}
	return machines
}

// A fakeAPI is a Consul server's HTTP interface, with keys that several servers can share.
type fakeAPI struct {
	leader  string
	voters  []string
	failure string // answer of every write: status 500
	store   *store

	mutex      sync.Mutex
	consistent bool // the last list was asked for in consistent mode
}

type store struct {
	mutex sync.Mutex
	keys  map[string]string
}

func (a *fakeAPI) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	switch key, isKey := strings.CutPrefix(request.URL.Path, "/v1/kv/"); {
	case request.URL.Path == "/v1/status/leader":
		_ = json.NewEncoder(w).Encode(a.leader)
	case request.URL.Path == "/v1/operator/raft/configuration":
		if !request.URL.Query().Has("stale") {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		var servers []map[string]any
		for _, voter := range a.voters {
			servers = append(servers, map[string]any{"ID": voter, "Address": voter, "Voter": true})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"Servers": servers})
	case isKey && a.failure != "":
		http.Error(w, a.failure, http.StatusInternalServerError)
	case isKey && request.Method == http.MethodPut:
		value, _ := io.ReadAll(request.Body)
		a.store.mutex.Lock()
		a.store.keys[key] = string(value)
		a.store.mutex.Unlock()
		_, _ = io.WriteString(w, "true")
	case isKey:
		a.mutex.Lock()
		a.consistent = request.URL.Query().Has("consistent")
		a.mutex.Unlock()
		a.list(w, key)
	}
}

func (a *fakeAPI) list(w http.ResponseWriter, prefix string) {
	a.store.mutex.Lock()
	defer a.store.mutex.Unlock()
	var pairs []map[string]any
	for key, value := range a.store.keys {
		if strings.HasPrefix(key, prefix) {
			pairs = append(pairs, map[string]any{"Key": key, "Value": base64.StdEncoding.EncodeToString([]byte(value))})
		}
	}
	_ = json.NewEncoder(w).Encode(pairs)
}
