package k3s

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// machines are k3s nodes in memory. Their API servers listen on real sockets, since they speak TLS.
type machines struct {
	*labtest.Lab
	// run is what a command does; nil fails every command.
	run func(node string, argv []string) (string, error)

	mutex   sync.Mutex
	apis    map[string]*httptest.Server
	read    map[string]int // how often each file was read, by "node path"
	dialled int            // connections made to API servers
	done    []string       // what was done, in order
	strikes [][]harness.NodeActions
	status  map[string]harness.SystemStatus // replaces the rack's where it is set
}

// trio is a topology of three servers with embedded etcd, as the fixtures describe it, and an agent.
func trio() harness.Topology {
	var topology harness.Topology
	for i, command := range [][]string{
		{"k3s", "server", "--cluster-init"},
		{"k3s", "server", "--server=https://10.201.3.11:6443"},
		{"k3s", "server", "--server", "https://10.201.3.11:6443", "--node-label=a=b"},
		{"k3s", "agent", "--server=https://10.201.3.11:6443"},
	} {
		node := harness.Node{
			Name:   fmt.Sprintf("server-%d", i+1),
			Role:   ServerRole,
			IPv4:   netip.AddrFrom4([4]byte{10, 201, 3, byte(11 + i)}),
			System: harness.System{Command: command},
		}
		if command[1] == "agent" {
			node.Name, node.Role = "agent-1", AgentRole
		}
		topology.Nodes = append(topology.Nodes, node)
	}
	return topology
}

// newMachines builds the trio; nobody listens yet.
func newMachines(t *testing.T) *machines {
	t.Helper()
	m := &machines{
		Lab: labtest.New(trio()), apis: map[string]*httptest.Server{}, read: map[string]int{},
		status: map[string]harness.SystemStatus{},
	}
	t.Cleanup(m.Close)
	return m
}

// serve starts the API server of a node with a certificate of its own, and writes the kubeconfig for it.
func (m *machines) serve(t *testing.T, node, token string, api http.Handler) {
	t.Helper()
	certificate, authority := newCertificate(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Header.Get("Authorization") != "Bearer "+token {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "Unauthorized", "reason": `+
				`"Unauthorized", "code": 401}`)
			return
		}
		api.ServeHTTP(w, request)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // a client that hangs up is part of the tests
	server.StartTLS()
	t.Cleanup(server.Close)
	m.mutex.Lock()
	m.apis[node] = server
	m.mutex.Unlock()
	m.writeKubeconfig(t, node, token, authority)
}

func (m *machines) writeKubeconfig(t *testing.T, node, token string, authority []byte) {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "default",
		"clusters": []any{map[string]any{"name": "default", "cluster": map[string]any{
			"server":                     "https://127.0.0.1:6443",
			"certificate-authority-data": authority,
		}}},
		"users":    []any{map[string]any{"name": "default", "user": map[string]any{"token": token}}},
		"contexts": []any{map[string]any{"name": "default", "context": map[string]any{"cluster": "default", "user": "default"}}},
	})
	testkit.Must(t, err)
	testkit.Must(t, m.Lab.WriteFile(t.Context(), node, harness.File{Path: kubeconfigFile, Data: text}))
}

// newCertificate makes a server's certificate that is its own authority.
func newCertificate(t *testing.T) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	testkit.Must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "k3s"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	testkit.Must(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func (m *machines) Dial(ctx context.Context, from, network, address string) (net.Conn, error) {
	m.mutex.Lock()
	api := m.apis[from]
	m.mutex.Unlock()
	if status, _ := m.Status(ctx, from); api == nil || address != "127.0.0.1:6443" || !status.Running {
		return m.Lab.Dial(ctx, from, network, address)
	}
	m.mutex.Lock()
	m.dialled++
	m.mutex.Unlock()
	return new(net.Dialer).DialContext(ctx, "tcp", api.Listener.Addr().String())
}

func (m *machines) ReadFile(ctx context.Context, node, path string) ([]byte, error) {
	m.mutex.Lock()
	m.read[node+" "+path]++
	m.mutex.Unlock()
	return m.Lab.ReadFile(ctx, node, path)
}

func (m *machines) Status(ctx context.Context, node string) (harness.SystemStatus, error) {
	m.mutex.Lock()
	status, replaced := m.status[node]
	m.mutex.Unlock()
	if replaced {
		return status, nil
	}
	return m.Lab.Status(ctx, node)
}

func (m *machines) Exec(_ context.Context, node string, argv ...string) ([]byte, error) {
	m.note("exec %s: %s", node, strings.Join(argv, " "))
	if m.run == nil {
		return nil, &harness.CommandError{Node: node, Argv: argv, ExitCode: 127}
	}
	output, err := m.run(node, argv)
	return []byte(output), err
}

func (m *machines) WriteFile(ctx context.Context, node string, file harness.File) error {
	m.note("write %s: %s", node, file.Path)
	return m.Lab.WriteFile(ctx, node, file)
}

func (m *machines) RemoveFile(ctx context.Context, node, path string) error {
	m.note("remove %s: %s", node, path)
	return m.Lab.RemoveFile(ctx, node, path)
}

func (m *machines) Stop(ctx context.Context, node string) error {
	m.note("stop %s", node)
	return m.Lab.Stop(ctx, node)
}

func (m *machines) Start(ctx context.Context, node string) error {
	m.note("start %s", node)
	return m.Lab.Start(ctx, node)
}

func (m *machines) PowerOn(_ context.Context, node string) error {
	m.note("power on %s", node)
	return nil
}

// Apply kills main processes.
func (m *machines) Apply(_ context.Context, nodeActions []harness.NodeActions) (harness.Impact, error) {
	m.mutex.Lock()
	m.strikes = append(m.strikes, nodeActions)
	m.mutex.Unlock()
	before := time.Now()
	for _, nodeAction := range nodeActions {
		m.End(nodeAction.Node, -1)
	}
	return harness.Impact{Before: before}, nil
}

func (m *machines) Interruptions() []harness.Interruption { return nil }

func (m *machines) note(format string, arguments ...any) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.done = append(m.done, fmt.Sprintf(format, arguments...))
}

// journal takes what was done so far, in order.
func (m *machines) journal() []string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	done := m.done
	m.done = nil
	return done
}

// An api answers requests from a table: "METHOD path" -> object, or a function that answers by itself.
type api struct {
	mutex   sync.Mutex
	answers map[string]any
	asked   []string
}

func (a *api) set(key string, answer any) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.answers[key] = answer
}

func (a *api) requests() []string {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return slices.Clone(a.asked)
}

func (a *api) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	key := request.Method + " " + request.URL.Path
	a.mutex.Lock()
	a.asked = append(a.asked, key)
	answer, known := a.answers[key]
	a.mutex.Unlock()
	if function, ok := answer.(func(http.ResponseWriter, *http.Request)); ok {
		function(w, request)
		return
	}
	if !known {
		refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound, key+" not found")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// refuse answers with an error as the API server does.
func refuse(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: int32(code), Reason: reason, Message: message,
	})
}

// Objects as the API has them.

func aNode(name string, ready core.ConditionStatus) core.Node {
	condition := core.NodeCondition{Type: core.NodeReady, Status: ready}
	if ready == core.ConditionUnknown {
		condition.Reason, condition.Message = "NodeStatusUnknown", "Kubelet stopped posting node status."
	}
	return core.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: core.NodeStatus{Conditions: []core.NodeCondition{condition}}}
}

func aPod(name, node string, ready bool) core.Pod {
	pod := core.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "web", UID: types.UID("uid of " + name)},
		Spec:       core.PodSpec{NodeName: node},
	}
	pod.Status.Phase = core.PodRunning
	if ready {
		pod.Status.Conditions = []core.PodCondition{{Type: core.PodReady, Status: core.ConditionTrue}}
	}
	return pod
}
