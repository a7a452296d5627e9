package calibration

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
)

// Goal: an outage of the shell loop lasts from the look that failed to the next that did not; one that
// has no beginning or no end is none. Method: what a loop printed, and what it never prints.
func TestReadLoop(t *testing.T) {
	const second = int64(time.Second)
	outages, err := readLoop("1000000000 000\n2000000000 200\n3000000000 503\n4000000000 000\n5000000000 200\n6000000000 " +
		"200\n7000000000 000\n")
	want := []stamped{{asked: moment{there: 3 * second}, lost: moment{there: 3 * second}, back: moment{there: 5 * second}}}
	if err != nil || !slices.Equal(outages, want) {
		t.Errorf("got %+v, %v", outages, err)
	}
	for _, wrong := range []string{"curl: not found\n", "12\n"} {
		if _, err := readLoop(wrong); err == nil {
			t.Errorf("%q was read", wrong)
		}
	}
}

// direct dials from here.
type direct struct{ harness.Observer }

func (direct) Dial(ctx context.Context, _, network, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, address)
}

// Goal: the loop of Eventually measures what it is made for, an outage of a site, and an Eventually that
// has run out is begun again. Method: a site on the loopback is away for a while that is much longer
// than the polling, and up before for longer than the time limit.
func TestEventually(t *testing.T) {
	var gone atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if gone.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	site := fixtures.Cuttable{Name: "a site", Check: harness.Check{HTTP: &harness.HTTPCheck{At: netip.MustParseAddrPort(
		server.Listener.Addr().String())}}}
	stop := make(chan struct{})
	type outcome struct {
		outages []stamped
		err     error
	}
	seen := make(chan outcome, 1)
	go func() {
		outages, err := eventually{direct{}, "a loop", 5 * ms, 50 * ms}.watch(t.Context(), stop, site)
		seen <- outcome{outages, err}
	}()
	time.Sleep(200 * ms)
	lost := time.Now()
	gone.Store(true)
	time.Sleep(300 * ms)
	back := time.Now()
	gone.Store(false)
	time.Sleep(200 * ms)
	close(stop)
	got := <-seen
	if got.err != nil || len(got.outages) != 1 {
		t.Fatalf("got %+v", got)
	}
	outage := got.outages[0]
	if outage.lost.here.Before(lost) || outage.lost.here.After(back) || outage.back.here.Before(back) ||
		outage.asked.here.After(outage.lost.here) {
		t.Errorf("it was away from %v to %v, and seen so: %+v", lost, back, outage)
	}
}
