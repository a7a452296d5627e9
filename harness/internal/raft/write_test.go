package raft

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/labtest"
)

const api = "127.0.0.1:80"

// statusError is how the API client of this test reports an answer.
type statusError struct {
	status int
	body   string
}

func (e statusError) Error() string { return e.body }

func readStatus(err error) (int, string, bool) {
	var answered statusError
	found := errors.As(err, &answered)
	return answered.status, answered.body, found
}

// cluster serves one behaviour on each of three nodes; nil serves nothing.
func cluster(t *testing.T, behaviours ...http.HandlerFunc) (*labtest.Lab, []harness.Node) {
	t.Helper()
	var topology harness.Topology
	for _, name := range []string{"a", "b", "c"}[:len(behaviours)] {
		topology.Nodes = append(topology.Nodes, harness.Node{Name: name})
	}
	machines := labtest.New(topology)
	t.Cleanup(machines.Close)
	for i, behaviour := range behaviours {
		if behaviour != nil {
			machines.Serve(topology.Nodes[i].Name, api, behaviour)
		}
	}
	return machines, topology.Nodes
}

// put writes over HTTP and records who was asked.
func put(observer harness.Observer, asked *[]string) func(ctx context.Context, node string) error {
	return func(ctx context.Context, node string) error {
		*asked = append(*asked, node)
		request, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+api+"/", strings.NewReader("x"))
		if err != nil {
			return err
		}
		response, err := harness.HTTPClient(observer, node).Do(request)
		if err != nil {
			return err
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return statusError{response.StatusCode, response.Header.Get("Reason")}
		}
		return nil
	}
}

func says(status int, reason string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Reason", reason)
		w.WriteHeader(status)
	}
}

// outcomes of a write.
const acknowledged, refused, unknown = "acknowledged", "refused", "unknown"

func outcomeOf(err error) string {
	switch {
	case err == nil:
		return acknowledged
	case errors.Is(err, harness.ErrRefused):
		return refused
	}
	return unknown
}

func fine(http.ResponseWriter, *http.Request) {}

// silent takes the whole request, as it must to notice that the client gave up, and never answers.
func silent(_ http.ResponseWriter, request *http.Request) {
	_, _ = io.Copy(io.Discard, request.Body)
	<-request.Context().Done()
}

func rude(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// Goal: a write is acknowledged, refused or unknown as it should be, and is tried elsewhere only
// while nothing has been sent.
// Method: write entry 0 (server a first) to servers that answer, refuse, hang, hang up or are down,
// with a time limit on a fake clock.
func TestWrite(t *testing.T) {
	cases := map[string]struct {
		servers []http.HandlerFunc
		outcome string
		asked   []string
	}{
		"acknowledged":      {[]http.HandlerFunc{fine, fine, fine}, acknowledged, []string{"a"}},
		"the first is down": {[]http.HandlerFunc{nil, fine, fine}, acknowledged, []string{"a", "b"}},
		"all are down":      {[]http.HandlerFunc{nil, nil, nil}, refused, []string{"a", "b", "c"}},
		"no leader":         {[]http.HandlerFunc{says(500, "No cluster leader"), fine, fine}, refused, []string{"a"}},
		"a bad request":     {[]http.HandlerFunc{says(400, "no"), fine, fine}, refused, []string{"a"}},
		"lost leadership while at it": {
			[]http.HandlerFunc{says(500, "leadership lost while committing log"), fine, fine},
			unknown,
			[]string{"a"},
		},
		"an error nobody knows":        {[]http.HandlerFunc{says(500, "rpc error: EOF"), fine, fine}, unknown, []string{"a"}},
		"no answer in time":            {[]http.HandlerFunc{silent, fine, fine}, unknown, []string{"a"}},
		"hung up after it was sent":    {[]http.HandlerFunc{rude, fine, fine}, unknown, []string{"a"}},
		"down, then no answer in time": {[]http.HandlerFunc{nil, silent, fine}, unknown, []string{"a", "b"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				observer, nodes := cluster(t, c.servers...)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				var asked []string
				err := Write(ctx, nodes, 0, put(observer, &asked), readStatus)
				if got := outcomeOf(err); got != c.outcome || !slices.Equal(asked, c.asked) {
					t.Errorf("%s by %v (error %v), want %s by %v", got, asked, err, c.outcome, c.asked)
				}
			})
		})
	}
}

// Goal: writes are spread over the servers, so that no server's failure goes unnoticed.
// Method: look who is asked for consecutive entries.
func TestWriteTakesTurns(t *testing.T) {
	observer, nodes := cluster(t, fine, fine, fine)
	var asked []string
	for entry := range 4 {
		testkit.Must(t, Write(t.Context(), nodes, entry, put(observer, &asked), readStatus))
	}
	if !slices.Equal(asked, []string{"a", "b", "c", "a"}) {
		t.Errorf("asked %v", asked)
	}
}

// Goal: reading goes on to the next server after any failure, and tells all of them in the end.
// Method: readers that fail on some or all of the nodes.
func TestRead(t *testing.T) {
	nodes := []harness.Node{{Name: "a"}, {Name: "b"}}
	err := Read(nodes, func(node string) error {
		if node == "a" {
			return errors.New("no")
		}
		return nil
	})
	if err != nil {
		t.Errorf("b answered, and yet: %v", err)
	}
	err = Read(nodes, func(string) error { return errors.New("no") })
	labtest.Expect(t, err, "a: no; b: no")
	if Read(nil, nil) == nil {
		t.Error("reading from nobody succeeded")
	}
}

// Goal: keys and entries are each other's inverse, and other keys are left out.
// Method: make a key and read it, then read keys of something else.
func TestKeyAndEntry(t *testing.T) {
	if entry, ok := Entry("drill/x", Key("drill/x", 42)); !ok || entry != 42 {
		t.Errorf("42 came back as %d, %t", entry, ok)
	}
	for _, key := range []string{"drill/x", "drill/x/", "drill/xy/1", "drill/x/1/2", "drill/x/one"} {
		if entry, ok := Entry("drill/x", key); ok {
			t.Errorf("%q is entry %d", key, entry)
		}
	}
}
