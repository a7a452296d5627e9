package lab

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/engine/enginetest"
)

// connect opens a connection to an engine until the test ends.
func connect(t *testing.T, host string) *engine.Engine {
	t.Helper()
	t.Setenv("DOCKER_HOST", host)
	connection, err := engine.Connect(t.Context())
	testkit.Must(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

// Goal: containers and networks are made where they are looked for and removed, and images are the ones that were made. A
// network's name says whose it is. Method: a network and a container are made on an engine that keeps what it is asked to
// change.
func TestOneEngineForEverything(t *testing.T) {
	id := strings.Repeat("cafe", 16)
	var mu sync.Mutex
	var changes []string
	var network string // as it was asked for
	connection := connect(t, enginetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, path, _ := strings.Cut(r.URL.Path, "/v"+enginetest.API)
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Method == http.MethodPost:
			changes = append(changes, r.Method+" "+path)
			if path == "/networks/create" {
				text, _ := io.ReadAll(r.Body)
				network = string(text)
			}
			w.WriteHeader(http.StatusCreated)
		case path == "/networks":
			fmt.Fprint(w, `[{"Id": "bridge", "Name": "bridge"}]`)
			return
		case strings.HasPrefix(path, "/images/") && path != "/images/local:1/json":
			http.Error(w, `{"message": "no such image"}`, http.StatusNotFound)
			return
		}
		fmt.Fprintf(w, `{"Id": %q, "Name": "thing", "Config": {}}`, id)
	}))
	described := harness.Topology{Name: "one", Networks: []harness.Network{{Name: "net"}}}
	lab := &Lab{ID: "beef", engine: connection, topology: described}
	var err error
	if lab.provider, err = engine.NewProvider(t.Context(), connection); err != nil {
		t.Fatal(err)
	}
	observer := &node{lab: lab, Node: harness.Node{Name: "observer"}}
	testkit.Must(t, lab.createNetworks(t.Context()))
	created, err := observer.create(t.Context(), client.ContainerCreateOptions{
		Name: "thing", Config: &container.Config{Image: "local:1"}, HostConfig: &container.HostConfig{},
	})
	testkit.Must(t, err)
	want := []string{"POST /networks/create", "POST /containers/create", "POST /containers/" + id + "/start"}
	if !slices.Equal(changes, want) || created != id || !slices.Equal(observer.containers, []string{id}) {
		t.Errorf("asked for %q, want %q; the container is %q, remembered are %q", changes, want, created, observer.containers)
	}
	if !strings.Contains(network, `"Name":"reprise-one-net-beef"`) {
		t.Errorf("the network is asked for as %s", network)
	}
}

// otherSettings tells a process of this test that its home folder has settings of testcontainers-go, and what is chosen.
const otherSettings = "REPRISE_TEST_OTHER_SETTINGS"

// Goal: settings of testcontainers-go that name another engine end everything with a sentence, and those that name the
// same one or a prefix for images change nothing. Method: processes of their own, since settings are read once in each.
func TestSettingsOfTestcontainers(t *testing.T) {
	switch os.Getenv(otherSettings) {
	case "connect":
		connection, err := engine.Connect(t.Context())
		testkit.Must(t, err)
		_ = connection.Close()
		return
	case "create":
		TestOneEngineForEverything(t)
		return
	}
	host := enginetest.Serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") })
	sentence := "sends containers to the engine at unix:///nowhere.sock, and everything else here uses the one at " + host +
		": remove that line, or set DOCKER_HOST=unix:///nowhere.sock"
	for _, tc := range []struct{ settings, do, want string }{
		{"tc.host=unix:///nowhere.sock", "connect", sentence},
		{"tc.host=" + host, "connect", "PASS"},
		{"hub.image.name.prefix=elsewhere/", "create", "PASS"},
	} {
		t.Run(tc.settings, func(t *testing.T) {
			home := t.TempDir()
			testkit.Must(t, os.WriteFile(filepath.Join(home, ".testcontainers.properties"), []byte(tc.settings+"\n"), 0o600))
			test := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSettingsOfTestcontainers$")
			test.Env = append(os.Environ(), otherSettings+"="+tc.do, "HOME="+home, "DOCKER_HOST"+"="+host)
			if said, _ := test.CombinedOutput(); !strings.Contains(string(said), tc.want) {
				t.Errorf("it said %s\nwithout %q", said, tc.want)
			}
		})
	}
}
