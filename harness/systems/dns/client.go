package dns

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// A Client is somebody on the internet who goes to a site by its name: every time it asks for the name, then for the site's
// front page over HTTP at the address that it was told.
type Client struct {
	Asks     Resolver // whom it asks for the name: the resolver of its provider, or the authoritative server for a fresh record
	Name     string   // of the site; required
	Port     uint16   // of the site; required
	Contains string   // what every answer of the site has; "" accepts any
	// Patience is after how long it has given the page up; 0 means 2 s. A connection to an address that is nobody's takes
	// longer than that to fail.
	Patience time.Duration
}

// How often the probes are asked, and so the resolution of their figures.
const (
	cachePeriod = 50 * time.Millisecond // times the resolver's rate on its clock
	stackPeriod = 100 * time.Millisecond
	sshPeriod   = 200 * time.Millisecond
)

// patience is a client's unless it has another one: as long as a drill gives every question at least.
const patience = 2 * time.Second

// ByA claims that the site answers at the address of its A record, as for a client that has IPv4 alone. It is asked every 50
// ms.
func (c Client) ByA() harness.Probe { return c.probe("A", cachePeriod, c.first("A")) }

// ByAAAA claims that the site answers at the address of its AAAA record, as for a client that has IPv6 alone. It is asked every
// 50 ms.
func (c Client) ByAAAA() harness.Probe { return c.probe("AAAA", cachePeriod, c.first("AAAA")) }

// OneByOne claims that the site answers to a client that has both IPv6 and IPv4 and tries one address after the other, IPv6
// first: the next one only when the one before has failed. It is asked every 100 ms.
func (c Client) OneByOne() harness.Probe {
	return c.probe("AAAA, then A", stackPeriod, c.both(oneByOne))
}

// HappyEyeballs claims that the site answers to a client that has both IPv6 and IPv4 and starts with IPv6, but tries IPv4 too
// when that has not connected within 250 ms or has failed, and takes what connects first (RFC 8305). It is asked every 100 ms.
func (c Client) HappyEyeballs() harness.Probe {
	return c.probe("AAAA or A, happy eyeballs", stackPeriod, c.both(happyEyeballs))
}

// A connect connects to the first of some addresses that it can, each of which has the port.
type connect func(ctx context.Context, dial func(context.Context, netip.Addr) (net.Conn, error)) (net.Conn, error)

// probe asks for the page over a connection that the client makes in its way.
func (c Client) probe(by string, every time.Duration, how func(harness.Observer) connect) harness.Probe {
	return probe.Func{
		Label: fmt.Sprintf("%s answers by %s of %s", c.Name, by, c.Asks), Every: every,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.Patience, patience))
			defer cancel()
			return c.get(ctx, byName{observer, c.Port, how(observer)})
		},
	}
}

// first connects to the first address of one type.
func (c Client) first(kind string) func(harness.Observer) connect {
	return func(observer harness.Observer) connect {
		return func(ctx context.Context, dial func(context.Context, netip.Addr) (net.Conn, error)) (net.Conn, error) {
			addresses, err := c.Asks.Addresses(ctx, observer, c.Name, kind)
			if err != nil {
				return nil, err
			}
			return dial(ctx, addresses[0])
		}
	}
}

// both connects to the addresses of both types in some way, IPv6 first.
func (c Client) both(
	way func(context.Context, []netip.Addr, func(context.Context, netip.Addr) (net.Conn, error)) (net.Conn, error),
) func(harness.Observer) connect {
	return func(observer harness.Observer) connect {
		return func(ctx context.Context, dial func(context.Context, netip.Addr) (net.Conn, error)) (net.Conn, error) {
			var all []netip.Addr
			for _, kind := range []string{"AAAA", "A"} {
				addresses, err := c.Asks.Addresses(ctx, observer, c.Name, kind)
				if err != nil && !errors.Is(err, errNoRecord) {
					return nil, err
				}
				all = append(all, addresses...)
			}
			if len(all) == 0 {
				return nil, fmt.Errorf("%s has no address", c.Name)
			}
			return way(ctx, all, dial)
		}
	}
}

// byName is an observer whose connections go where a name leads.
type byName struct {
	harness.Observer
	port    uint16
	connect connect
}

// Dial connects to where the name leads, whatever the address.
func (n byName) Dial(ctx context.Context, from, _, _ string) (net.Conn, error) {
	return n.connect(ctx, func(ctx context.Context, to netip.Addr) (net.Conn, error) {
		at := netip.AddrPortFrom(to, n.port)
		connection, err := n.Observer.Dial(ctx, from, "tcp", at.String())
		if err != nil {
			return nil, fmt.Errorf("%s, found by name: %w", at, harness.Plain(err))
		}
		return connection, nil
	})
}

// pageLimit is more than any page that is looked at has.
const pageLimit = 64 << 10

// get asks for the site's front page.
func (c Client) get(ctx context.Context, connections harness.Observer) error {
	url := fmt.Sprintf("http://%s:%d/", strings.TrimSuffix(c.Name, "."), c.Port)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := harness.HTTPClient(connections, harness.VantageObserver).Do(request)
	if err != nil {
		return harness.Plain(err)
	}
	defer response.Body.Close() //nolint:errcheck // read only: nothing can be lost by it
	page, err := io.ReadAll(io.LimitReader(response.Body, pageLimit))
	if err != nil {
		return fmt.Errorf("read the answer: %w", harness.Plain(err))
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", response.Status)
	}
	if !strings.Contains(string(page), c.Contains) {
		return fmt.Errorf("the answer lacks %q: somebody else's", c.Contains)
	}
	return nil
}

// sshPort is where machines answer SSH.
const sshPort = 22

// SSH claims that an operator who goes to a machine by its name (AAAA) is answered by an SSH server, which says so in its first
// line (RFC 4253). It is asked every 200 ms.
func SSH(asks Resolver, name string) harness.Probe {
	return probe.Func{
		Label: fmt.Sprintf("%s answers SSH by AAAA of %s", name, asks), Every: sshPeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			addresses, err := asks.Addresses(ctx, observer, name, "AAAA")
			if err != nil {
				return err
			}
			if err := greeted(ctx, observer, netip.AddrPortFrom(addresses[0], sshPort)); err != nil {
				return fmt.Errorf("%s, found by name: %w", addresses[0], harness.Plain(err))
			}
			return nil
		},
	}
}

// greeted connects and reads an SSH server's first line.
func greeted(ctx context.Context, observer harness.Observer, at netip.AddrPort) error {
	connection, err := observer.Dial(ctx, harness.VantageObserver, "tcp", at.String())
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // read only: nothing can be lost by it
	stop := context.AfterFunc(ctx, func() { _ = connection.Close() })
	defer stop()
	line, err := bufio.NewReader(io.LimitReader(connection, 256)).ReadString('\n')
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("read its first line: %w", err)
	case !strings.HasPrefix(line, "SSH-"):
		return fmt.Errorf("its first line is %q: no SSH server's", strings.TrimSpace(line))
	}
	return nil
}
