package echoserver

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// ask lets a canary with the given resolver look up what the query says.
func ask(t *testing.T, query string, lookup func(context.Context, string) ([]netip.Addr, error)) (int, Resolution) {
	t.Helper()
	recorder := httptest.NewRecorder()
	resolver{lookup}.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/resolve"+query, nil))
	var resolution Resolution
	testkit.Must(t, json.NewDecoder(recorder.Body).Decode(&resolution))
	return recorder.Code, resolution
}

// Goal: the canary says what its resolver says, and that it knows nothing when the resolver does not
// answer, before its clients give up. Method: resolvers in different states, on a fake clock.
func TestResolve(t *testing.T) {
	address := netip.MustParseAddr("10.201.5.21")
	for name, c := range map[string]struct {
		query  string
		lookup func(context.Context, string) ([]netip.Addr, error)
		status int
		text   string
		took   time.Duration
	}{
		"known": {
			query:  "?name=outside.reprise.test",
			lookup: func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{address}, nil },
			status: 200,
		},
		"unknown": {
			query: "?name=nobody.reprise.test",
			lookup: func(_ context.Context, name string) ([]netip.Addr, error) {
				return nil, &net.DNSError{Err: "no such host", Name: name, Server: "10.43.0.10:53", IsNotFound: true}
			},
			status: 502, text: "lookup nobody.reprise.test on 10.43.0.10:53: no such host",
		},
		"silent": {
			query: "?name=outside.reprise.test",
			lookup: func(ctx context.Context, _ string) ([]netip.Addr, error) {
				<-ctx.Done()
				return nil, errors.New("read udp 10.42.0.7:40000->10.43.0.10:53: i/o timeout")
			},
			status: 502, text: "lookup outside.reprise.test: no answer within 400ms", took: resolveLimit,
		},
		"no name": {status: 400, text: "say which name: /resolve?name=NAME"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				status, resolution := ask(t, c.query, c.lookup)
				if status != c.status || resolution.Error != c.text || time.Since(began) != c.took {
					t.Errorf("answered %d %q after %v, want %d %q after %v", status, resolution.Error, time.Since(began), c.status, c.text,
						c.took)
				}
				if found := slices.Equal(resolution.Addresses, []netip.Addr{address}); found != (c.status == http.StatusOK) {
					t.Errorf("the addresses are %v", resolution.Addresses)
				}
			})
		})
	}
}

// Goal: the resolver that is asked is the one of the place, under the path that is documented.
// Method: a name that every machine knows, over HTTP.
func TestResolveByThePlacesResolver(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go serve(ctx, listener) //nolint:errcheck // what it says is asked below
	response, err := http.Get("http://" + listener.Addr().String() + "/resolve?name=localhost")
	testkit.Must(t, err)
	defer response.Body.Close()
	var resolution Resolution
	testkit.Must(t, json.NewDecoder(response.Body).Decode(&resolution))
	if response.StatusCode != http.StatusOK || !slices.Contains(resolution.Addresses, netip.MustParseAddr("127.0.0.1")) {
		t.Errorf("answered %d %+v", response.StatusCode, resolution)
	}
}
