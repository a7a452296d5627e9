package harness_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

const api = "127.0.0.1:80"

// machine is one node in memory whose API is the handler; nil serves nothing.
func machine(t *testing.T, handler http.HandlerFunc) *labtest.Lab {
	t.Helper()
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{{Name: "a"}}})
	t.Cleanup(machines.Close)
	if handler != nil {
		machines.Serve("a", api, handler)
	}
	return machines
}

// post sends one request with a body and tells whether it certainly was not sent.
func post(ctx context.Context, observer harness.Observer) (unsent bool, err error) {
	traced, never := harness.Unsent(ctx)
	request, err := http.NewRequestWithContext(traced, http.MethodPut, "http://"+api+"/", strings.NewReader("x"))
	if err != nil {
		return false, err
	}
	response, err := harness.HTTPClient(observer, "a").Do(request)
	if err == nil {
		err = response.Body.Close()
	}
	return never(), err
}

// Goal: "certainly not sent" is said of requests that met no connection, and of no other; no attempt
// to connect outlives its request (the test could not end).
// Method: a server that answers, one that hangs up after the request, one that never answers, one
// that is not there, and a connection that never comes about; with a time limit on a fake clock.
func TestUnsent(t *testing.T) {
	cases := map[string]struct {
		server http.HandlerFunc
		hangs  bool // the connection never comes about
		unsent bool
		fails  bool
	}{
		"answered":       {server: func(http.ResponseWriter, *http.Request) {}},
		"hung up":        {server: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, fails: true},
		"no answer":      {server: neverAnswer, fails: true},
		"nobody listens": {unsent: true, fails: true},
		"dial hangs":     {hangs: true, unsent: true, fails: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var observer harness.Observer = machine(t, c.server)
				if c.hangs {
					observer = hangingDial{observer}
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				unsent, err := post(ctx, observer)
				if unsent != c.unsent || (err != nil) != c.fails {
					t.Errorf("unsent %t, error %v", unsent, err)
				}
			})
		})
	}
}

// neverAnswer takes the whole request, as it must to notice that the client gave up.
func neverAnswer(_ http.ResponseWriter, request *http.Request) {
	_, _ = io.Copy(io.Discard, request.Body)
	<-request.Context().Done()
}

// hangingDial is a network that swallows every attempt to connect.
type hangingDial struct{ harness.Observer }

func (hangingDial) Dial(ctx context.Context, _, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Goal: a probe leaves no connection behind that could outlive the fault it is meant to see.
// Method: count the connections that are dialled and closed over several requests.
func TestHTTPClientKeepsNoConnection(t *testing.T) {
	counting := &countingDial{Observer: machine(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") })}
	counting.closed = make(chan struct{}, 3)
	client := harness.HTTPClient(counting, "a")
	for range 3 {
		response, err := client.Get("http://" + api + "/")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		select {
		case <-counting.closed:
		case <-time.After(5 * time.Second):
			t.Fatal("the connection stayed open")
		}
	}
	if counting.dialled != 3 {
		t.Errorf("%d connections for 3 requests", counting.dialled)
	}
}

type countingDial struct {
	harness.Observer
	dialled int
	closed  chan struct{}
}

func (c *countingDial) Dial(ctx context.Context, from, network, address string) (net.Conn, error) {
	c.dialled++
	connection, err := c.Observer.Dial(ctx, from, network, address)
	return &closeReporter{Conn: connection, closed: c.closed}, err
}

type closeReporter struct {
	net.Conn
	closed chan struct{}
}

func (c *closeReporter) Close() error {
	select {
	case c.closed <- struct{}{}:
	default:
	}
	return c.Conn.Close()
}

// Goal: what a reader of a report sees is what is wrong, not where the harness looked.
// Method: the errors of real requests, refused and timed out.
func TestPlain(t *testing.T) {
	_, err := post(t.Context(), machine(t, nil))
	if got := harness.Plain(err).Error(); strings.Contains(got, "http://") || !strings.Contains(got, "connection refused") {
		t.Errorf("refused reads %q", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err = post(ctx, hangingDial{machine(t, nil)})
	if got := harness.Plain(err); got.Error() != "no answer in time" || !errors.Is(got, context.DeadlineExceeded) {
		t.Errorf("timed out reads %q", got)
	}
	if harness.Plain(nil) != nil {
		t.Error("no error became one")
	}
}

// Goal: a ledger's requests share connections, and one that is idle does not stay for ever.
// Method: count the connections that are dialled for requests in a row, and look after the idle time on
// a fake clock whether the last one is closed and the next request still gets through.
func TestKeptHTTPClientKeepsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counting := &countingDial{Observer: machine(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") })}
		counting.closed = make(chan struct{}, 1)
		client := harness.KeptHTTPClient(counting, "a")
		for range 3 {
			put(t, client, time.Second, true)
		}
		if counting.dialled != 1 {
			t.Errorf("%d connections for 3 requests", counting.dialled)
		}
		select {
		case <-counting.closed:
			t.Error("the connection was not kept")
		default:
		}
		time.Sleep(6 * time.Second)
		select {
		case <-counting.closed:
		default:
			t.Error("the idle connection stayed open")
		}
		put(t, client, time.Second, true)
		time.Sleep(6 * time.Second)
	})
}

// put sends one write, within a time limit, and tells whether it certainly was not sent.
func put(t *testing.T, client *http.Client, limit time.Duration, succeeds bool) (unsent bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	traced, never := harness.Unsent(ctx)
	request, err := http.NewRequestWithContext(traced, http.MethodPut, "http://"+api+"/", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err == nil {
		_, err = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
	if (err == nil) != succeeds {
		t.Errorf("the error of the request is %v", err)
	}
	return never()
}

// Goal: a fault on a kept connection costs the write that met it and no other: it is not sent twice, its
// outcome is unknown, and the next write gets a connection of its own. No dial goes on for ever (the test
// could not end).
// Method: a server that answers once, so that the connection is kept, then fails one request in several
// ways, then answers again; on a fake clock.
func TestKeptHTTPClientAfterAFault(t *testing.T) {
	for name, fault := range map[string]http.HandlerFunc{
		"hung up":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"no answer": neverAnswer,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var requests atomic.Int32
				client := harness.KeptHTTPClient(machine(t, func(w http.ResponseWriter, request *http.Request) {
					if requests.Add(1) == 2 {
						fault(w, request)
					}
				}), "a")
				put(t, client, time.Second, true)
				if put(t, client, time.Second, false) {
					t.Error("a write that was sent counts as unsent")
				}
				put(t, client, time.Second, true)
				if requests.Load() != 3 {
					t.Errorf("%d requests arrived for 3 writes", requests.Load())
				}
				time.Sleep(6 * time.Second)
			})
		})
	}
	t.Run("dial hangs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client := harness.KeptHTTPClient(hangingDial{machine(t, nil)}, "a")
			if !put(t, client, time.Second, false) {
				t.Error("a write without a connection counts as sent")
			}
			time.Sleep(2 * time.Second)
		})
	})
}
