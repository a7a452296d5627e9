package minio

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

var root = Store{AccessKey: "reprise", SecretKey: harness.Secret{Value: "secret"}}

// A store is three nodes in memory. A node sees those whom it was told of as they are, and others not at all.
type store struct {
	*labtest.Lab
	mutex sync.Mutex
	told  map[string][]string // where each node, by its name, looks for all; nil is a node that has lost its quorum
	says  map[string]string   // another state of the server than online, by its address
	drive map[string]string   // another state of its drive than ok
}

const at1, at2, at3 = "fd00:d1::71", "fd00:d1::72", "fd00:d1::73"

// running is a store at peace.
func running(t *testing.T) *store {
	t.Helper()
	var topology harness.Topology
	for i := range 3 {
		at := netip.MustParseAddr(fmt.Sprintf("fd00:d1::7%d", i+1))
		node := harness.Node{Name: fmt.Sprintf("store-%d", i+1), Role: ServerRole, IPv6: at}
		node.System.Command = []string{"minio"}
		node.System.Files = []harness.File{{Path: "/etc/default/minio", Data: []byte(fmt.Sprintf(
			"MINIO_VOLUMES=\"http://[%s]:9000/srv http://[%s]:9000/srv http://[%s]:9000/srv\"\n", at1, at2, at3))}}
		topology.Nodes = append(topology.Nodes, node)
	}
	made := &store{Lab: labtest.New(topology), told: map[string][]string{}, says: map[string]string{}, drive: map[string]string{}}
	t.Cleanup(made.Close)
	for _, node := range topology.Nodes {
		made.told[node.Name] = []string{at1, at2, at3}
		made.Serve(node.Name, "127.0.0.1:9000", made.node(node.Name))
	}
	return made
}

func (s *store) node(name string) http.Handler {
	mux := http.NewServeMux()
	quorum := func(w http.ResponseWriter, _ *http.Request) {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if s.told[name] == nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	mux.HandleFunc("/minio/health/cluster", quorum)
	mux.HandleFunc("/minio/health/cluster/read", quorum)
	mux.Handle("/minio/health/live", labtest.Says(http.StatusOK, ""))
	mux.HandleFunc("/minio/admin/v3/info", func(w http.ResponseWriter, request *http.Request) {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if !strings.Contains(request.Header.Get("Authorization"), "Credential="+root.AccessKey+"/") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprint(w, s.view(name))
	})
	return mux
}

// view is what a node says of all.
func (s *store) view(name string) string {
	var servers []string
	for _, address := range s.told[name] {
		state, drive := "online", "ok"
		if other := s.says[address]; other != "" {
			state = other
		}
		if other := s.drive[address]; other != "" {
			drive = other
		}
		drives := fmt.Sprintf(`{"endpoint": "http://[%s]:9000/srv", "state": %q}`, address, drive)
		if drive == "none" {
			drives = ""
		}
		servers = append(servers, fmt.Sprintf(`{"endpoint": "[%s]:9000", "state": %q, "drives": [%s]}`, address, state, drives))
	}
	return `{"mode": "online", "servers": [` + strings.Join(servers, ", ") + "]}"
}

// renumber moves a node, and tells nobody.
func (s *store) renumber(node, to string) {
	s.Renumber(node, harness.Addresses{IPv6: netip.MustParseAddr(to)})
}

// tell gives every node the list in its configuration, as a start does.
func (s *store) tell(node string) {
	text, _ := s.ReadFile(nil, node, "/etc/default/minio") //nolint:staticcheck // it is not looked at
	var told []string
	for _, word := range strings.FieldsFunc(string(text), func(r rune) bool { return strings.ContainsRune("[] \"", r) }) {
		if address, err := netip.ParseAddr(word); err == nil && !slices.Contains(told, address.String()) {
			told = append(told, address.String())
		}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.told[node] = told
}
