package nomad

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// A scheduler is a server with one client that is ready but has not seen Consul yet, and that runs
// a job as soon as it has both.
type scheduler struct {
	mutex      sync.Mutex
	seesConsul bool
	registered map[string]any
}

func (s *scheduler) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var answer any
	switch request.Method + " " + request.URL.Path {
	case "GET /v1/nodes":
		answer = []map[string]any{{"ID": "n", "Name": "client-1", "Status": "ready"}}
	case "GET /v1/node/n":
		attributes := map[string]string{}
		if s.seesConsul {
			attributes["consul.version"] = "1"
		}
		answer = map[string]any{"ID": "n", "Attributes": attributes}
	case "PUT /v1/jobs":
		var registration struct{ Job map[string]any }
		_ = json.NewDecoder(request.Body).Decode(&registration)
		s.registered = registration.Job
		answer = map[string]any{}
	case "GET /v1/job/canary/allocations":
		status := "pending"
		if s.registered != nil && s.seesConsul {
			status = "running"
		}
		answer = []map[string]any{{"NodeID": "n", "ClientStatus": status}}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// place is a cluster in memory with that scheduler.
func place(t *testing.T, plan *scheduler) *labtest.Lab {
	t.Helper()
	machines := cluster(t, 3)
	answering(machines)
	for _, server := range []string{"nomad-1", "nomad-2"} {
		machines.Serve(server, httpAddress, plan)
	}
	return machines
}

// Goal: a client that is usable is used, and its agent is left alone.
// Method: run the canary on a client that has seen Consul; look what was done to the nodes.
func TestRunOnAReadyClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := &scheduler{seesConsul: true}
		machines := place(t, plan)
		labtest.Expect(t, Run(t.Context(), machines, Canary(8080)), "")
		if done := machines.Journal(); len(done) > 0 {
			t.Errorf("was done: %v", done)
		}
		plan.mutex.Lock()
		defer plan.mutex.Unlock()
		if plan.registered["ID"] != CanaryName {
			t.Errorf("registered %v", plan.registered)
		}
	})
}

// Goal: a client that came up before Consul is restarted after a while, since it would look again
// only 15 s later.
// Method: a client that sees Consul once its agent has started again, on a fake clock.
func TestRunRestartsAClientThatMissedConsul(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := &scheduler{}
		machines := place(t, plan)
		machines.OnStart = func(string) {
			plan.mutex.Lock()
			defer plan.mutex.Unlock()
			plan.seesConsul = true
		}
		began := time.Now()
		labtest.Expect(t, Run(t.Context(), machines, Canary(8080)), "")
		if done := machines.Journal(); !slices.Equal(done, []string{"start client-1", "stop client-1"}) {
			t.Errorf("was done: %v", done)
		}
		if took := time.Since(began); took < waitForClient.Limit || took > 2*waitForClient.Limit {
			t.Errorf("took %v", took)
		}
	})
}

// Goal: a job that never runs is an error that says what is missing.
// Method: a client that never sees Consul, on a fake clock.
func TestRunGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machines := place(t, &scheduler{})
		labtest.Expect(t, Run(t.Context(), machines, Canary(8080)), "client-1 has not seen Consul")
	})
}

// Goal: the canary is registered in Consul under the address in the client's metadata, with a port
// and a priority that every version of Nomad accepts.
// Method: look at the job.
func TestCanary(t *testing.T) {
	job := Canary(8080)
	text, err := json.Marshal(job)
	testkit.Must(t, err)
	testkit.Contains(t, "the job", string(text),
		`"Address":"${meta.service_address}"`, `"PortLabel":"8080"`, `"Provider":"consul"`,
		`"[::]:8080"`, `"Priority":50`, `"Driver":"raw_exec"`)
}
