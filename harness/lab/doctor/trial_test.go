package doctor

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/engine/enginetest"
)

// A trialEngine is an engine that runs one container, the trial's, and says how it ended.
type trialEngine struct {
	refuses string // what it says instead of starting the container; "" starts it
	exit    int    // how the container ends
	inside  int    // how it ends when the newest network is an internal one
	prints  string // what it prints
	hangs   bool   // the container never ends
	started func() // called when the container has been started; nil: nobody is
	podman  bool

	mu       sync.Mutex
	created  []trialContainer
	networks []network.CreateRequest
	removed  map[string]bool // by the id of what was created
}

// A trialContainer is what the engine was told to create.
type trialContainer struct {
	container.Config
	HostConfig       container.HostConfig
	NetworkingConfig network.NetworkingConfig
}

// connect opens a connection to the engine.
func (e *trialEngine) connect(t *testing.T) *engine.Engine {
	t.Helper()
	serve := enginetest.Serve
	if e.podman {
		serve = enginetest.ServePodman
	}
	t.Setenv("DOCKER_HOST", serve(t, e.serve))
	connection, err := engine.Connect(t.Context())
	testkit.Must(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

func (e *trialEngine) serve(w http.ResponseWriter, r *http.Request) {
	_, action, ofContainer := strings.Cut(r.URL.Path, "/containers/")
	w.Header().Set("Content-Type", "application/json")
	if strings.HasSuffix(r.URL.Path, "/networks/create") {
		var created network.CreateRequest
		if err := json.NewDecoder(r.Body).Decode(&created); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.networks = append(e.networks, created)
	}
	if !ofContainer {
		fmt.Fprint(w, `{"Id": "sha256:1", "Arch": "amd64"}`) // every image is there, on a machine like any
		return
	}
	id, action, _ := strings.Cut(action, "/")
	switch strings.TrimSpace(r.Method + " " + action) {
	case "POST":
		var created trialContainer
		if err := json.NewDecoder(r.Body).Decode(&created); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.created = append(e.created, created)
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"Id": "trial-%d"}`, len(e.created))
	case "POST start":
		e.start(w)
	case "POST wait":
		e.wait(w, r)
	case "GET logs":
		header := [8]byte{2} // of standard error
		binary.BigEndian.PutUint32(header[4:], uint32(len(e.prints)))
		_, _ = w.Write(append(header[:], e.prints...))
	case "DELETE":
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.removed[id] {
			http.Error(w, `{"message": "no such container"}`, http.StatusNotFound)
			return
		}
		if r.URL.Query().Get("force") == "1" && r.URL.Query().Get("v") == "1" {
			if e.removed == nil {
				e.removed = map[string]bool{}
			}
			e.removed[id] = true
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Error(w, "nobody asks that of an engine: "+r.URL.Path, http.StatusNotImplemented)
	}
}

func (e *trialEngine) start(w http.ResponseWriter) {
	if e.refuses == "" {
		w.WriteHeader(http.StatusNoContent)
		if e.started != nil {
			e.started()
		}
		return
	}
	w.WriteHeader(http.StatusInternalServerError)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": e.refuses})
}

func (e *trialEngine) wait(w http.ResponseWriter, r *http.Request) {
	if e.hangs {
		w.WriteHeader(http.StatusOK) // an engine says at once that it waits
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	exit := e.exit
	if newest := len(e.networks) - 1; newest >= 0 && e.networks[newest].Internal {
		exit = e.inside
	}
	fmt.Fprintf(w, `{"StatusCode": %d}`, exit)
}

// seen is what the engine was asked for.
func (e *trialEngine) seen() (created []trialContainer, removed int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.created), len(e.removed)
}

// runner is a topology whose nodes run containers, with the capabilities each.
func runner(capabilities ...string) harness.Topology {
	named := harness.Capabilities{}
	for _, capability := range capabilities {
		named[capability] = "a test"
	}
	system := harness.System{Containers: true, Capabilities: named}
	return harness.Topology{Nodes: []harness.Node{{Name: "a", System: system}, {Name: "b", System: system}}}
}

// tryFor is Try for a lab that needs what the topology says.
func tryFor(ctx context.Context, connection *engine.Engine, topology harness.Topology) error {
	return Try(ctx, connection, topology, "agent:1", map[string]string{engine.LabelLab: "1"})
}

// Goal: the trial's container is like those of the nodes, cut off from every network, and is taken away; an engine that
// passes is tried once for all labs. Method: an engine that passes, two labs on it, and what it was told.
func TestFitEngine(t *testing.T) {
	fake := &trialEngine{}
	connection := fake.connect(t)
	for range 2 {
		testkit.Must(t, tryFor(t.Context(), connection, runner("SYS_ADMIN", "NET_ADMIN")))
	}
	created, removed := fake.seen()
	if len(created) != 1 || removed != 1 {
		t.Fatalf("%d containers created, %d removed with their volumes, want 1 each", len(created), removed)
	}
	trial, want := created[0], container.HostConfig{}
	// the client adds the prefix
	given := harness.Capabilities{"CAP_NET_ADMIN": "", "CAP_SYS_ADMIN": ""}
	engine.ConfigureContainer(harness.System{Containers: true}, given, &want)
	if host := trial.HostConfig; host.NetworkMode != "none" || host.Privileged || !slices.Equal(host.CapAdd, want.CapAdd) ||
		!slices.Equal(host.CapDrop, want.CapDrop) || !slices.Contains(host.SecurityOpt, "no-new-privileges") ||
		!slices.Equal(host.ReadonlyPaths, want.ReadonlyPaths) || host.CgroupnsMode != want.CgroupnsMode {
		t.Errorf("the trial has %+v", host)
	}
	if _, disk := trial.Volumes[trialDisk]; !disk || trial.Image != "agent:1" || trial.Labels[engine.LabelLab] != "1" ||
		trial.Entrypoint[len(trial.Entrypoint)-1] != trialDisk {
		t.Errorf("the trial is %+v", trial.Config)
	}
}

// Goal: an engine that cannot run such nodes is unfit, with the sentence of who noticed: the trial, or the engine itself
// when it starts it. Everything is taken away, and the answer is remembered. Method: one engine of each kind, asked twice.
func TestUnfitEngine(t *testing.T) {
	for name, test := range map[string]struct {
		fake *trialEngine
		want string
	}{
		"the kernel": {
			&trialEngine{exit: 1, prints: "reprise-agent: mount an overlay on a volume: no such device\n"},
			ErrUnfit.Error() + " that run containers of their own: mount an overlay on a volume: no such device",
		},
		"a right": {
			&trialEngine{refuses: "unable to apply caps: operation not permitted"},
			"with the capabilities NET_ADMIN SYS_ADMIN, it says: ",
		},
	} {
		fake := test.fake
		connection := fake.connect(t)
		for range 2 {
			err := tryFor(t.Context(), connection, runner("SYS_ADMIN", "NET_ADMIN"))
			if !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %v, want %q", name, err, test.want)
			}
		}
		if created, removed := fake.seen(); len(created) != 1 || removed != 1 {
			t.Errorf("%s: %d containers created, %d removed", name, len(created), removed)
		}
	}
}

// Goal: an engine is asked for nothing where no node runs containers. Method: a lab without, on an engine that would
// refuse.
func TestFitWithoutContainers(t *testing.T) {
	fake := &trialEngine{refuses: "no"}
	topology := runner("SYS_ADMIN")
	for i := range topology.Nodes {
		topology.Nodes[i].System.Containers = false
	}
	testkit.Expect(t, tryFor(t.Context(), fake.connect(t), topology), "")
	if created, _ := fake.seen(); len(created) > 0 {
		t.Errorf("it was tried: %+v", created)
	}
}

// Goal: a trial that is broken off says nothing about the engine, is taken away all the same, and the next lab tries
// again. Method: cancel when the trial has been started, then let it end.
func TestFitBrokenOff(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	fake := &trialEngine{hangs: true, started: cancel}
	connection, topology := fake.connect(t), runner("SYS_ADMIN", "NET_ADMIN")
	if err := tryFor(ctx, connection, topology); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnfit) {
		t.Errorf("broken off: %v", err)
	}
	fake.hangs = false
	if err := tryFor(t.Context(), connection, topology); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if created, removed := fake.seen(); len(created) != 2 || removed != 2 {
		t.Errorf("%d containers created, %d removed, want 2 each", len(created), removed)
	}
}

// Goal: the doctor says beforehand what a lab would say, and warns only: other drills run. Method: engines of both
// kinds.
func TestCheckContainers(t *testing.T) {
	for _, test := range []struct {
		fake   *trialEngine
		want   Health
		detail string
	}{
		{&trialEngine{}, Healthy, "nodes that run containers of their own"},
		{&trialEngine{exit: 1, prints: "reprise-agent: no nf_tables"}, Warning, "no nf_tables"},
	} {
		health, detail, advice := checkContainers(t.Context(), &machine{engine: test.fake.connect(t)})
		if health != test.want || !strings.Contains(detail, test.detail) || (advice == "") != (test.want == Healthy) {
			t.Errorf("%s (%s), advice %q, want %s with %q", health, detail, advice, test.want, test.detail)
		}
		created, removed := test.fake.seen()
		if len(created) != 1 || removed != 1 || created[0].Labels[engine.LabelLab] != doctorLab {
			t.Errorf("created %+v, removed %d", created, removed)
		}
	}
}

// Goal: nodes with disks are tried too, once for disks of their own and once for those that are attached, and the
// doctor says the same. Method: labs of both kinds and a doctor, on an engine that cannot.
func TestFitDisks(t *testing.T) {
	const says = "reprise-agent: open /dev/loop-control: no such device\n"
	system := harness.System{Command: []string{"server"}, Capabilities: harness.Capabilities{"SYS_ADMIN": "a test"}}
	own := system
	own.SystemDisk = harness.MinimumSystemDisk
	for name, topology := range map[string]harness.Topology{
		"its own":  {Nodes: []harness.Node{{Name: "a", System: own}}},
		"attached": {Nodes: []harness.Node{{Name: "a", System: system}}, Disks: []harness.Disk{{Name: "data"}}},
	} {
		fake := &trialEngine{exit: 1, prints: says}
		if err := tryFor(t.Context(), fake.connect(t), topology); !errors.Is(err, ErrUnfit) ||
			!strings.Contains(err.Error(), "nodes that have disks: open /dev/loop-control") {
			t.Errorf("%s: %v", name, err)
		}
		created, removed := fake.seen()
		if len(created) != 1 || removed != 1 || len(created[0].HostConfig.Devices) != 1 ||
			!slices.Contains(created[0].Entrypoint, "--disks") {
			t.Errorf("%s: created %+v, removed %d", name, created, removed)
		}
	}
	without := harness.Topology{Nodes: []harness.Node{{Name: "a", System: system}}}
	if err := tryFor(t.Context(), (&trialEngine{refuses: "no"}).connect(t), without); err != nil {
		t.Errorf("without disks: %v", err)
	}
	fake := &trialEngine{exit: 1, prints: says}
	if health, detail, advice := checkDisks(t.Context(), &machine{engine: fake.connect(t)}); health != Warning ||
		!strings.Contains(detail, "loop-control") || advice == "" {
		t.Errorf("the doctor says %s (%s), advice %q", health, detail, advice)
	}
}

// Goal: a trial that was killed says nothing of the engine: drills must not be skipped for it. Method: the exit statuses of a
// trial that went well, one that could not do what it tried, and one that was killed.
func TestAKilledTrialIsNoUnfitEngine(t *testing.T) {
	one := trials()[0]
	if err := one.outcome(0, ""); err != nil {
		t.Errorf("a good trial: %v", err)
	}
	if err := one.outcome(1, "mount is not permitted"); !errors.Is(err, ErrUnfit) ||
		!strings.Contains(err.Error(), "not permitted") {
		t.Errorf("a bad trial: %v", err)
	}
	if err := one.outcome(137, ""); err == nil || errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), "signal 9") {
		t.Errorf("a killed trial: %v", err)
	}
}
