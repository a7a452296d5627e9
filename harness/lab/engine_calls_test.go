package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness"
)

// serveEngine listens at a socket as an engine that greets; everything else is for the handler.
func serveEngine(t *testing.T, handle http.HandlerFunc) (host string) {
	t.Helper()
	path := socket(t)
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", MinimumAPI)
		w.Header().Set("Ostype", "linux")
		switch {
		case strings.HasSuffix(r.URL.Path, "/_ping"):
		case handle != nil:
			handle(w, r)
		default: // hangs, also when the client has given up
			<-over
		}
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { close(over); _ = server.Close() })
	return "unix://" + path
}

// impatient is a connection to an engine whose calls end soon.
func impatient(t *testing.T, host string) *Engine {
	t.Helper()
	t.Setenv(hostVariable, host)
	engine, err := Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	const soon = 100 * time.Millisecond
	engine.limits = engineLimits{soon, soon, soon, soon}
	return engine
}

// unlimited are the calls that last for as long as they take, and those that ask nothing.
var unlimited = []string{"ImageBuild", "ImagePull", "ImageSave", "ContainerWait", "Close", "DaemonHost", "ClientVersion"}

// Goal: no call of the engine waits for ever for an engine that only greets, and its error says what to do. Method: every
// method of the connection there is, called with empty options against a server that answers nothing but greetings.
func TestEveryCallHasALimit(t *testing.T) {
	engine := impatient(t, serveEngine(t, nil))
	methods := reflect.TypeFor[*Engine]()
	for method := range methods.Methods() {
		if slices.Contains(unlimited, method.Name) {
			continue
		}
		t.Run(method.Name, func(t *testing.T) {
			arguments := []reflect.Value{reflect.ValueOf(engine), reflect.ValueOf(t.Context())}
			for p := 2; p < method.Type.NumIn() && (p < method.Type.NumIn()-1 || !method.Type.IsVariadic()); p++ {
				argument := reflect.New(method.Type.In(p)).Elem()
				if argument.Kind() == reflect.String {
					argument.SetString("thing")
				}
				for _, field := range []string{"Image", "Container"} { // without which the client does not even ask
					if argument.Kind() == reflect.Struct && argument.FieldByName(field).IsValid() {
						argument.FieldByName(field).SetString("thing")
					}
				}
				arguments = append(arguments, argument)
			}
			ended := make(chan error, 1)
			go func() {
				results := method.Func.Call(arguments)
				err, _ := reflect.TypeAssert[error](results[len(results)-1])
				ended <- err
			}()
			select {
			case err := <-ended:
				if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "did not answer within 100ms: restart it") {
					t.Errorf("the error is %v", err)
				}
			case <-time.After(20 * time.Second):
				t.Error("it still waits")
			}
		})
	}
}

// Goal: what the commands do first ends with one sentence when an engine only greets. Method: cleaning, looking for runs,
// taking the lock, making images and the doctor, against such an engine.
func TestAHungEngineEndsCommands(t *testing.T) {
	engine := impatient(t, serveEngine(t, nil))
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for name, command := range map[string]func(context.Context) error{
		"clean":  func(ctx context.Context) error { _, err := Clean(ctx, engine); return err },
		"runs":   func(ctx context.Context) error { _, err := Runs(ctx, engine); return err },
		"lock":   func(ctx context.Context) error { _, err := LockEngine(ctx, engine, Shared, "test", nil); return err },
		"images": func(ctx context.Context) error { return Prepare(ctx, engine, nil) },
		"doctor": func(ctx context.Context) error {
			finding := examine(ctx, engine, nil, nil)[0]
			return errors.New(finding.Detail)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("hung"))
			defer cancel()
			if err := command(ctx); err == nil || !strings.Contains(err.Error(), "did not answer within") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// Goal: an answer that comes bit by bit may take long, and not for ever. Method: a log whose second part never comes.
func TestAStreamThatFallsSilentEnds(t *testing.T) {
	over := make(chan struct{})
	defer close(over)
	engine := impatient(t, serveEngine(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "begun")
		w.(http.Flusher).Flush()
		<-over
	}))
	log, err := engine.ContainerLogs(t.Context(), "thing", client.ContainerLogsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	text, err := io.ReadAll(log)
	if string(text) != "begun" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("read %q, then %v", text, err)
	}
}

// Goal: containers and networks are made where they are looked for and removed, and images are the ones that were made.
// Method: a network and a container are made on an engine that keeps what it is asked to change.
func TestOneEngineForEverything(t *testing.T) {
	id := strings.Repeat("cafe", 16)
	var mu sync.Mutex
	var changes []string
	engine := impatient(t, serveEngine(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, path, _ := strings.Cut(r.URL.Path, "/v"+MinimumAPI)
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Method == http.MethodPost:
			changes = append(changes, r.Method+" "+path)
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
	engine.limits = usualLimits // it answers
	described := harness.Topology{Name: "one", Networks: []harness.Network{{Name: "net"}}}
	lab := &Lab{ID: "beef", engine: engine, topology: described}
	var err error
	if lab.provider, err = newProvider(t.Context(), engine); err != nil {
		t.Fatal(err)
	}
	observer := &node{lab: lab, Node: harness.Node{Name: "observer"}}
	if err := lab.createNetworks(t.Context()); err != nil {
		t.Fatal(err)
	}
	created, err := observer.create(t.Context(), client.ContainerCreateOptions{
		Name: "thing", Config: &container.Config{Image: "local:1"}, HostConfig: &container.HostConfig{},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"POST /networks/create", "POST /containers/create", "POST /containers/" + id + "/start"}
	if !slices.Equal(changes, want) || created != id || !slices.Equal(observer.containers, []string{id}) {
		t.Errorf("asked for %q, want %q; the container is %q, remembered are %q", changes, want, created, observer.containers)
	}
}

// otherSettings tells a process of this test that its home folder has settings of testcontainers-go, and what is chosen.
const otherSettings = "REPRISE_TEST_OTHER_SETTINGS"

// Goal: settings of testcontainers-go that name another engine end everything with a sentence, and those that name the
// same one or a prefix for images change nothing. Method: processes of their own, since settings are read once in each.
func TestSettingsOfTestcontainers(t *testing.T) {
	switch os.Getenv(otherSettings) {
	case "connect":
		engine, err := Connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = engine.Close()
		return
	case "create":
		TestOneEngineForEverything(t)
		return
	}
	host := serveEngine(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") })
	sentence := "sends containers to the engine at unix:///nowhere.sock, and everything else here uses the one at " + host +
		": remove that line, or set DOCKER_HOST=unix:///nowhere.sock"
	for _, tc := range []struct{ settings, do, want string }{
		{"tc.host=unix:///nowhere.sock", "connect", sentence},
		{"tc.host=" + host, "connect", "PASS"},
		{"hub.image.name.prefix=elsewhere/", "create", "PASS"},
	} {
		t.Run(tc.settings, func(t *testing.T) {
			home := t.TempDir()
			if err := os.WriteFile(filepath.Join(home, ".testcontainers.properties"), []byte(tc.settings+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			test := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSettingsOfTestcontainers$")
			test.Env = append(os.Environ(), otherSettings+"="+tc.do, "HOME="+home, hostVariable+"="+host)
			if said, _ := test.CombinedOutput(); !strings.Contains(string(said), tc.want) {
				t.Errorf("it said %s\nwithout %q", said, tc.want)
			}
		})
	}
}
