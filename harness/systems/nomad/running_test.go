package nomad

import (
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// jobAPI is a server with one allocation of the canary on one client.
func jobAPI(allocation, node string) *fakeAPI {
	return &fakeAPI{answers: map[string]any{
		"GET /v1/job/canary/allocations": []map[string]any{{"ID": "x", "NodeID": "n", "ClientStatus": allocation}},
		"GET /v1/nodes":                  []map[string]any{{"ID": "n", "Name": "client-1", "Status": node}},
	}}
}

// Goal: a job runs when the leader counts a running allocation on a ready client, and not else.
// Method: serve the API from tables; the last case is what a server says that has no leader.
func TestRunning(t *testing.T) {
	leaderless := func() http.Handler {
		return &fakeAPI{answers: map[string]any{"GET /v1/job/canary/allocations": "error: No cluster leader"}}
	}
	cases := map[string]struct {
		apis  []http.Handler
		wants string
	}{
		"runs":                  {[]http.Handler{jobAPI("running", "ready")}, ""},
		"only one server knows": {[]http.Handler{nil, leaderless(), jobAPI("running", "ready")}, ""},
		"its client is down":    {[]http.Handler{jobAPI("running", "down")}, "allocation running on a node that is down"},
		"pending":               {[]http.Handler{jobAPI("pending", "ready")}, "allocation pending on a node that is ready"},
		"no allocation": {[]http.Handler{&fakeAPI{answers: map[string]any{
			"GET /v1/job/canary/allocations": []any{},
			"GET /v1/nodes":                  []any{},
		}}}, "no allocation"},
		"no server has a leader": {
			[]http.Handler{leaderless(), leaderless(), leaderless()},
			"nomad-3: Unexpected response code: 500 (No cluster leader",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			labtest.Expect(t, Running("canary").Check(t.Context(), servers3(t, c.apis...)), c.wants)
		})
	}
}

// Goal: the check goes to the leader; from memory every server would say "running" for ever.
// Method: look at the query that arrives.
func TestRunningAsksTheLeader(t *testing.T) {
	asked := jobAPI("running", "ready")
	labtest.Expect(t, Running("canary").Check(t.Context(), servers3(t, asked)), "")
	if asked.askedStale("/v1/job/canary/allocations") || asked.askedStale("/v1/nodes") {
		t.Error("a stale answer was good enough")
	}
}

// canary answers as the canary does.
func canary(w http.ResponseWriter, _ *http.Request) {
	_ = json.NewEncoder(w).Encode(map[string]any{"pid": 7, "alloc": "x"})
}

// Goal: one user finds the service at its present address, one at the address of peace time.
// Method: a canary that listens at one of the two, on a client that has moved.
func TestAnswers(t *testing.T) {
	const before, now = "[fd00:d1::31]:8080", "[fd00:d2::31]:8080"
	somebody := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") })
	cases := map[string]struct {
		at             string
		service        http.Handler
		answers        string
		answersByOldIP string
	}{
		"moved along":   {now, http.HandlerFunc(canary), "", "connection refused"},
		"stayed behind": {before, http.HandlerFunc(canary), "connection refused", ""},
		"in trouble": {
			now, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }),
			"answered 503", "refused",
		},
		"somebody else": {now, somebody, `the body does not contain "\"pid\""`, "refused"},
		"not even HTTP": {
			now, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
			"closed before the answer was complete", "refused",
		},
		"some other page": {
			now, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }),
			"does not contain", "refused",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			observer := servers3(t)
			observer.Renumber("client-1", harness.Addresses{IPv6: netip.MustParseAddr("fd00:d2::31")})
			observer.Serve(harness.VantageObserver, c.at, c.service)
			labtest.Expect(t, Answers("canary", 8080).Check(t.Context(), observer), c.answers)
			labtest.Expect(t, AnswersPinned("canary", 8080).Check(t.Context(), observer), c.answersByOldIP)
		})
	}
}

// Goal: a topology that cannot be asked is refused in words, and one with several clients is asked at
// its first, at the default period of a probe that the agent asks by itself. Method: look at the
// check itself.
func TestAnswersChoosesAClient(t *testing.T) {
	observer := servers3(t)
	probe := Answers("canary", 8080)
	check, err := probe.Current(observer)
	if err != nil || check.HTTP == nil || check.HTTP.At.String() != "[fd00:d1::31]:8080" {
		t.Errorf("it asks %+v, %v", check.HTTP, err)
	}
	if probe.Period() != 20*time.Millisecond {
		t.Errorf("it asks every %v", probe.Period())
	}
	observer.Renumber("client-1", harness.Addresses{})
	_, err = probe.Current(observer)
	labtest.Expect(t, err, "the HTTP check has no address to go to")
	lonely := labtest.New(harness.Topology{})
	_, err = probe.Current(lonely)
	labtest.Expect(t, err, "the topology has no node of role nomad-client")
}
