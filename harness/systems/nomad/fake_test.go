package nomad

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// configured is a server's configuration with one address that is the beginning of another.
const configured = `name = "%[1]s"
data_dir = "/var/lib/nomad"
bind_addr = "%[2]s"
server {
  enabled = true
  raft_protocol = %[3]d
  server_join { retry_join = ["[fd00:d1::2]:4648", "[fd00:d1::21]:4648"] }
}
`

// cluster is two Nomad servers and a client in memory, on Raft protocol 2 or 3.
func cluster(t *testing.T, protocol int) *labtest.Lab {
	t.Helper()
	var topology harness.Topology
	for _, node := range []struct{ name, role, host string }{
		{"nomad-1", ServerRole, "2"}, {"nomad-2", ServerRole, "21"}, {"client-1", ClientRole, "31"},
	} {
		at := netip.MustParseAddr("fd00:d1::" + node.host)
		text := fmt.Sprintf(configured, node.name, at, protocol)
		topology.Nodes = append(topology.Nodes, harness.Node{Name: node.name, Role: node.role, IPv6: at, System: harness.System{
			Command: []string{"nomad"},
			Files:   []harness.File{{Path: "/etc/nomad.d/nomad.hcl", Data: []byte(text)}},
		}})
	}
	machines := labtest.New(topology)
	t.Cleanup(machines.Close)
	return machines
}

// servers3 are three servers without files, for probes and ledgers.
func servers3(t *testing.T, apis ...http.Handler) *labtest.Lab {
	t.Helper()
	var topology harness.Topology
	for i := range 3 {
		topology.Nodes = append(topology.Nodes, harness.Node{
			Name: fmt.Sprintf("nomad-%d", i+1), Role: ServerRole, IPv6: netip.MustParseAddr(fmt.Sprintf("fd00:d1::2%d", i+1)),
		})
	}
	topology.Nodes = append(topology.Nodes, harness.Node{
		Name: "client-1", Role: ClientRole,
		IPv6: netip.MustParseAddr("fd00:d1::31"),
	})
	machines := labtest.New(topology)
	t.Cleanup(machines.Close)
	for i, api := range apis {
		if api != nil {
			machines.Serve(topology.Nodes[i].Name, httpAddress, api)
		}
	}
	return machines
}

// A fakeAPI answers a server's HTTP interface from a table: "METHOD path" -> answer. A string is sent as
// it is with status 500, anything else as JSON. Unknown questions are a 404.
type fakeAPI struct {
	answers map[string]any

	mutex sync.Mutex
	stale map[string]bool // per path: whether it was asked for a stale answer
}

func (a *fakeAPI) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	_, stale := request.URL.Query()["stale"]
	a.mutex.Lock()
	if a.stale == nil {
		a.stale = map[string]bool{}
	}
	a.stale[request.URL.Path] = stale
	a.mutex.Unlock()
	answer, known := a.answers[request.Method+" "+request.URL.Path]
	switch text, failure := answer.(string); {
	case !known:
		w.WriteHeader(http.StatusNotFound)
	case failure && strings.HasPrefix(text, "error: "):
		http.Error(w, strings.TrimPrefix(text, "error: "), http.StatusInternalServerError)
	default:
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func (a *fakeAPI) askedStale(path string) bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.stale[path]
}

// raftAPI is a server that names a leader and these voters.
func raftAPI(leader string, voters ...string) *fakeAPI {
	var servers []map[string]any
	for _, voter := range voters {
		servers = append(servers, map[string]any{"ID": voter, "Address": voter, "Voter": true})
	}
	return &fakeAPI{answers: map[string]any{
		"GET /v1/status/leader":               leader,
		"GET /v1/operator/raft/configuration": map[string]any{"Servers": servers},
	}}
}
