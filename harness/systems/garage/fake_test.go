package garage

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

var admin = Store{Token: harness.Secret{Value: "token"}}

// nodes are three of Garage in memory: as much of their commands and of their administration as the package needs, with the words
// of Garage 1.2.0.
type nodes struct {
	*labtest.Lab
	mutex    sync.Mutex
	knows    map[string]map[string]bool // whom each node is connected with, itself among them
	layout   bool
	commands []string // those that changed something, with the node in front
	identity string   // what "garage node id" says on every node; "" is a key and the address in the configuration
}

// running is a store at peace, with its layout or without.
func running(t *testing.T, layout bool) *nodes {
	t.Helper()
	var topology harness.Topology
	for i := range 3 {
		at := netip.MustParseAddr(fmt.Sprintf("fd00:d1::7%d", i+1))
		node := harness.Node{Name: fmt.Sprintf("garage-%d", i+1), Role: ServerRole, IPv6: at}
		node.System.Command = []string{program, "server"}
		node.System.Files = []harness.File{
			{Path: "/etc/garage.toml", Data: []byte(fmt.Sprintf("rpc_public_addr = \"[%s]:3901\"\n", at))},
		}
		topology.Nodes = append(topology.Nodes, node)
	}
	made := &nodes{Lab: labtest.New(topology), knows: map[string]map[string]bool{}, layout: layout}
	t.Cleanup(made.Close)
	for _, node := range topology.Nodes {
		made.knows[node.Name] = map[string]bool{"garage-1": true, "garage-2": true, "garage-3": true}
		made.Serve(node.Name, "127.0.0.1:3903", made.administration(node.Name))
	}
	return made
}

func (n *nodes) administration(name string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		n.mutex.Lock()
		defer n.mutex.Unlock()
		if !n.layout || len(n.knows[name]) < 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/v1/health", func(w http.ResponseWriter, request *http.Request) {
		n.mutex.Lock()
		defer n.mutex.Unlock()
		if request.Header.Get("Authorization") != "Bearer token" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		partitions, good := 0, 0
		if n.layout {
			partitions = 256
		}
		if len(n.knows[name]) == 3 {
			good = partitions
		}
		fmt.Fprintf(w, `{"status": "healthy", "connectedNodes": %d, "partitions": %d, "partitionsAllOk": %d}`,
			len(n.knows[name]), partitions, good)
	})
	return mux
}

// isolate has a node lose all others, and the others lose it.
func (n *nodes) isolate(node string) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for _, known := range n.knows {
		delete(known, node)
	}
	n.knows[node] = map[string]bool{node: true}
}

// Exec is the command garage. It finds its node only by the address in the configuration.
func (n *nodes) Exec(ctx context.Context, node string, argv ...string) ([]byte, error) {
	if argv[0] != program {
		return n.Lab.Exec(ctx, node, argv...)
	}
	refused := &harness.CommandError{Node: node, Argv: argv, ExitCode: 1, Output: "Unable to connect to destination RPC host."}
	text, err := n.ReadFile(ctx, node, "/etc/garage.toml")
	if err != nil {
		return nil, err
	}
	_, address, _ := strings.Cut(strings.TrimSpace(string(text)), " = ")
	address = strings.Trim(address, `"`)
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if strings.Join(argv[1:], " ") == "node id -q" {
		if n.identity != "" {
			return []byte(n.identity), nil
		}
		return []byte(strings.Repeat(node[len(node)-1:], identityLength) + "@" + address + "\n"), nil
	}
	if now, err := n.Addresses(node); err != nil || address != netip.AddrPortFrom(now.IPv6, 3901).String() {
		return nil, refused
	}
	n.commands = append(n.commands, node+" "+strings.Join(argv[1:], " "))
	switch {
	case argv[1] == "layout" && argv[2] == "apply":
		n.layout = true
	case argv[1] == "node" && argv[2] == "connect":
		if !n.connect(node, argv[3]) {
			return nil, refused
		}
	}
	return []byte("Success.\n"), nil
}

// connect joins two nodes when the second is where it is said to be.
func (n *nodes) connect(node, identity string) bool {
	key, address, _ := strings.Cut(identity, "@")
	other := "garage-" + key[:1]
	if now, err := n.Addresses(other); err != nil || address != netip.AddrPortFrom(now.IPv6, 3901).String() {
		return false
	}
	n.knows[node][other], n.knows[other][node] = true, true
	return true
}

// renumber moves a node, which loses all others by it.
func (n *nodes) renumber(node, to string) {
	n.Renumber(node, harness.Addresses{IPv6: netip.MustParseAddr(to)})
	n.isolate(node)
}
