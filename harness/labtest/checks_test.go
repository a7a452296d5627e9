package labtest

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: machines in memory can be asked as real ones are: by the schedule, with a check that
// changes, until the context ends. Method: an HTTP server, then a resolver; the kinds that cannot be
// asked here.
func TestAsk(t *testing.T) {
	machines := New(harness.Topology{})
	defer machines.Close()
	const web, names = "[fd00::11]:80", "[fd00::11]:53"
	machines.Serve(harness.VantageObserver, web, http.NotFoundHandler())
	machines.ServeDatagrams(names, func(query []byte) []byte {
		asked := new(dns.Msg)
		if err := asked.Unpack(query); err != nil {
			t.Error(err)
			return nil
		}
		answer, err := new(dns.Msg).SetRcode(asked, dns.RcodeNameError).Pack()
		testkit.Expect(t, err, "")
		return answer
	})
	answers := make(chan string, 10_000)
	ctx, cancel := context.WithCancel(t.Context())
	get := harness.Check{HTTP: &harness.HTTPCheck{At: netip.MustParseAddrPort(web)}}
	schedule := harness.Schedule{Period: 5 * time.Millisecond}
	asking, err := machines.StartCheck(ctx, harness.VantageObserver, get, schedule, func(samples []harness.Sample) {
		for _, sample := range samples {
			if sample.Err == nil {
				t.Error("a server that finds nothing was a yes")
				continue
			}
			answers <- sample.Err.Error()
		}
	})
	testkit.Must(t, err)
	await(t, answers, "answered 404 Not Found")
	look := harness.Check{DNS: &harness.DNSCheck{Resolver: netip.MustParseAddrPort(names), Name: "x.example", Type: "A"}}
	testkit.Must(t, asking.Change(look))
	await(t, answers, "NXDOMAIN")
	cancel()
	select {
	case <-asking.Done():
	case <-time.After(10 * time.Second):
		t.Error("the asking goes on after its context")
	}
	echo := harness.Check{Ping: &harness.PingCheck{At: netip.MustParseAddr("fd00::11")}}
	if _, err := machines.StartCheck(t.Context(), harness.VantageObserver, echo, schedule, nil); err == nil ||
		!strings.Contains(err.Error(), "an echo cannot be asked") {
		t.Errorf("an echo: %v", err)
	}
	if _, err := machines.StartCheck(t.Context(), harness.VantageObserver, get, harness.Schedule{}, nil); err == nil ||
		!strings.Contains(err.Error(), "period") {
		t.Errorf("no period: %v", err)
	}
}

func await(t *testing.T, answers <-chan string, wanted string) {
	t.Helper()
	for deadline := time.After(10 * time.Second); ; {
		select {
		case answer := <-answers:
			if answer == wanted {
				return
			}
		case <-deadline:
			t.Fatalf("no answer was %q", wanted)
		}
	}
}
