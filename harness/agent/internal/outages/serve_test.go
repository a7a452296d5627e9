//go:build linux

package outages

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// A recorder is a target that notes when it was changed.
type recorder struct{ cuts, restores []time.Time }

func (r *recorder) cut(notYet) error     { r.cuts = append(r.cuts, time.Now()); return nil }
func (r *recorder) restore(notYet) error { r.restores = append(r.restores, time.Now()); return nil }
func (r *recorder) close() error         { return nil }

// Goal: outages are as long as planned, never shorter, and the stamps say how long they were. Method:
// follow a short plan, and compare the stamps with the plan and with what the target has noted itself.
func TestFollowKeepsThePlan(t *testing.T) {
	outline := []planned{{20 * time.Millisecond, 10 * time.Millisecond}, {5 * time.Millisecond, 40 * time.Millisecond}}
	target := &recorder{}
	var cuts []Cut
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		cuts, err = follow(t.Context(), target, outline)
	}()
	<-done
	if err != nil || len(cuts) != len(outline) {
		t.Fatalf("%d cuts, %v", len(cuts), err)
	}
	for i, cut := range cuts {
		if cut.DownFrom > cut.DownTo || cut.DownTo >= cut.UpFrom || cut.UpFrom > cut.UpTo {
			t.Errorf("the stamps are out of order: %+v", cut)
		}
		shortest, longest := time.Duration(cut.UpFrom-cut.DownTo), time.Duration(cut.UpTo-cut.DownFrom)
		if longest < outline[i].length {
			t.Errorf("outage %d lasted %v and not %v", i, longest, outline[i].length)
		}
		if noted := target.restores[i].Sub(target.cuts[i]); noted < shortest || noted > longest {
			t.Errorf("outage %d lasted %v by the target and %v to %v by the stamps", i, noted, shortest, longest)
		}
	}
}

// Goal: a campaign is begun by an order, its truth is told when it is over and not before, and an order
// that makes no sense begins nothing. Method: the whole service, on the loopback, with a seed whose first outages are short.
func TestServe(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, listener, []string{"a=tcp-refused@127.0.0.1:0", "b=dns-silent@127.0.0.1:0"})
	}()
	url := "http://" + listener.Addr().String()
	expect(t, http.MethodGet, url+"/truth", http.StatusConflict, nil)
	expect(t, http.MethodPost, url+"/begin?seed=1&outages=0", http.StatusBadRequest, nil)
	expect(t, http.MethodPost, url+"/begin?seed=98&outages=1", http.StatusNoContent, nil)
	expect(t, http.MethodPost, url+"/begin?seed=98&outages=1", http.StatusConflict, nil)
	expect(t, http.MethodGet, url+"/truth", http.StatusConflict, nil)
	var truth Truth
	for deadline := time.Now().Add(longestGap + longestOutage + 5*time.Second); len(truth.Services) == 0 &&
		time.Now().Before(deadline); time.Sleep(patience) {
		expect(t, http.MethodGet, url+"/truth", 0, &truth)
	}
	if truth.Seed != 98 || len(truth.Services) != 2 || truth.Ahead <= 0 {
		t.Fatalf("the truth is %+v", truth)
	}
	for i, service := range truth.Services {
		planned := plan(98, i, 1)[0].length
		if len(service.Cuts) != 1 || service.Cuts[0].UpTo-service.Cuts[0].DownFrom < protocol.Instant(planned) {
			t.Errorf("%s has %+v, planned was %v", service.Name, service.Cuts, planned)
		}
	}
	cancel()
	select {
	case err := <-ended:
		testkit.Expect(t, err, "")
	case <-time.After(5 * time.Second):
		t.Error("it goes on 5 s after it was told to end")
	}
}

// expect makes a request. Status 0 allows any; the answer is read when it is good.
func expect(t *testing.T, method, url string, status int, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	testkit.Must(t, err)
	response, err := http.DefaultClient.Do(request)
	testkit.Must(t, err)
	defer response.Body.Close()
	if status != 0 && response.StatusCode != status {
		t.Errorf("%s %s: %s", method, url, response.Status)
	}
	if into != nil && response.StatusCode == http.StatusOK {
		testkit.Must(t, json.NewDecoder(response.Body).Decode(into))
	}
}
