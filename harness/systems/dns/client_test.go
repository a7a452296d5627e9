package dns

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

var (
	site    = Client{Asks: Resolver{Node: nameServer}, Name: siteName, Port: 8080, Contains: "hello"}
	oldIPv4 = "10.201.1.31:8080"
	newIPv4 = "10.201.2.31:8080"
	oldIPv6 = "[fd00:d1::31]:8080"
)

// Goal: a client goes where it is told by whom it asks, and nowhere else. Method: a site at its new address, a server that
// tells the new one and a cache that tells the old one.
func TestClients(t *testing.T) {
	lab := machines(t, zoneText)
	lab.ServeDatagrams(atServer, serving(t, moved(), 0).answer)
	lab.ServeDatagrams(atCache, serving(t, zoneText, 1).answer)
	lab.Serve(harness.VantageObserver, newIPv4, labtest.Says(http.StatusOK, "hello"))
	behind := site
	behind.Asks = Resolver{Node: cacheNode, Rate: 480}

	labtest.Expect(t, site.ByA().Check(t.Context(), lab), "")
	labtest.Expect(t, site.ByAAAA().Check(t.Context(), lab), oldIPv6+", found by name: dial tcp: connection refused")
	labtest.Expect(t, site.OneByOne().Check(t.Context(), lab), "")
	labtest.Expect(t, site.HappyEyeballs().Check(t.Context(), lab), "")
	labtest.Expect(t, behind.ByA().Check(t.Context(), lab), oldIPv4+", found by name: dial tcp: connection refused")
	if got, want := behind.ByA().Name(), "site.reprise.test answers by A of resolver-1 (clock 480x)"; got != want {
		t.Errorf("the probe is called %q, want %q", got, want)
	}
	other := site
	other.Contains = "goodbye"
	labtest.Expect(t, other.ByA().Check(t.Context(), lab), `the answer lacks "goodbye"`)
	nobody := site
	nobody.Name = "nobody.reprise.test"
	labtest.Expect(t, nobody.HappyEyeballs().Check(t.Context(), lab), "NXDOMAIN")
	nameless := site
	nameless.Name = "clock.reprise.test"
	labtest.Expect(t, nameless.OneByOne().Check(t.Context(), lab), "clock.reprise.test has no address")
	lab.Serve(harness.VantageObserver, newIPv4, labtest.Says(http.StatusBadGateway, ""))
	labtest.Expect(t, site.ByA().Check(t.Context(), lab), "answered 502")
}

// Goal: of two addresses of which the first is nobody's, a client that tries one by one waits for it until it gives up, and
// one with happy eyeballs is there after 250 ms. Method: an IPv6 address that is silent, on a fake clock.
func TestDualStack(t *testing.T) {
	silent := func(ctx context.Context, to netip.Addr) (net.Conn, error) {
		if to.Is6() {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		near, _ := net.Pipe()
		return near, nil
	}
	refuse := errors.New("refused")
	refused := func(_ context.Context, to netip.Addr) (net.Conn, error) {
		if to.Is6() {
			return nil, refuse
		}
		near, _ := net.Pipe()
		return near, nil
	}
	late := func(ctx context.Context, to netip.Addr) (net.Conn, error) {
		time.Sleep(300 * time.Millisecond)
		near, _ := net.Pipe()
		return near, nil
	}
	nobody := func(context.Context, netip.Addr) (net.Conn, error) { return nil, refuse }
	addresses := []netip.Addr{netip.MustParseAddr("fd00:d1::31"), netip.MustParseAddr("10.201.2.31")}
	for name, c := range map[string]struct {
		way   func(context.Context, []netip.Addr, dial) (net.Conn, error)
		dial  dial
		took  time.Duration
		wants string
	}{
		"one by one, silent":      {oneByOne, silent, time.Second, "context deadline exceeded"},
		"one by one, refused":     {oneByOne, refused, 0, ""},
		"one by one, nobody":      {oneByOne, nobody, 0, "refused; refused"},
		"happy eyeballs, silent":  {happyEyeballs, silent, 250 * time.Millisecond, ""},
		"happy eyeballs, refused": {happyEyeballs, refused, 0, ""},
		"happy eyeballs, late":    {happyEyeballs, late, 300 * time.Millisecond, ""},
		"happy eyeballs, nobody":  {happyEyeballs, nobody, 0, "refused; refused"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				began := time.Now()
				connection, err := c.way(ctx, addresses, c.dial)
				labtest.Expect(t, err, c.wants)
				if took := time.Since(began); took != c.took {
					t.Errorf("it took %v, want %v", took, c.took)
				}
				if err == nil {
					_ = connection.Close()
				}
				time.Sleep(time.Second) // what is late ends
			})
		})
	}
}

// Goal: only an SSH server's first line is one. Method: a server of SSH, one of HTTP, one that says nothing, and none.
func TestSSH(t *testing.T) {
	at := "[fd00:d1::31]:22"
	for name, c := range map[string]struct{ says, wants string }{
		"SSH":     {"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", ""},
		"another": {"220 mail\r\n", `its first line is "220 mail": no SSH server's`},
		"nothing": {"", "read its first line: EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			lab := machines(t, zoneText)
			lab.ServeDatagrams(atServer, serving(t, zoneText, 0).answer)
			greeting := struct{ harness.Observer }{&greeter{Observer: lab, at: at, says: c.says}}
			labtest.Expect(t, SSH(site.Asks, siteName).Check(t.Context(), greeting), c.wants)
		})
	}
	lab := machines(t, zoneText)
	lab.ServeDatagrams(atServer, serving(t, zoneText, 0).answer)
	labtest.Expect(t, SSH(site.Asks, siteName).Check(t.Context(), lab), "fd00:d1::31, found by name: dial tcp: connection refused")
}

// A greeter says something to who connects to an address.
type greeter struct {
	harness.Observer
	at, says string
}

func (g *greeter) Dial(ctx context.Context, from, network, address string) (net.Conn, error) {
	if address != g.at {
		return g.Observer.Dial(ctx, from, network, address)
	}
	near, far := net.Pipe()
	go func() {
		_, _ = far.Write([]byte(g.says))
		_ = far.Close()
	}()
	return near, nil
}
