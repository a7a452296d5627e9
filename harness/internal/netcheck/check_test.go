package netcheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// patience is how long a check is asked here that should be answered at once.
const retryAfter = 10 * time.Second

// impatience is how long one is asked that should get no answer.
const impatience = 200 * time.Millisecond

// dials are the two ways to connect: the machine's own, and one that a caller brings.
var dials = map[string]Dial{"own": nil, "dialer": (&net.Dialer{}).DialContext}

// once asks a check one time.
func once(t *testing.T, check harness.Check, dial Dial, limit time.Duration) error {
	t.Helper()
	checker, err := New(check, dial)
	testkit.Must(t, err)
	defer checker.Close()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	began := time.Now()
	err = checker.Check(ctx)
	if took := time.Since(began); took > limit+retryAfter {
		t.Errorf("the answer %v took %v of %v", err, took, limit)
	}
	return err
}

func expect(t *testing.T, err error, wants string) {
	t.Helper()
	if wants == "" && err != nil || wants != "" && (err == nil || err.Error() != wants) {
		t.Errorf("the answer is %v, want %q", err, wants)
	}
}

// listen accepts connections at the loopback of either family.
func listen(t *testing.T, host string, handle func(net.Conn)) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	testkit.Must(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go handle(connection)
		}
	}()
	return netip.MustParseAddrPort(listener.Addr().String())
}

// nobody is an address where nobody listens.
func nobody(t *testing.T) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	defer listener.Close()
	return netip.MustParseAddrPort(listener.Addr().String())
}

// deaf is an address where connections are neither accepted nor refused: its queue is full.
func deaf(t *testing.T) netip.AddrPort {
	t.Helper()
	at := listenWithoutQueue(t)
	for range 8 { // the queue holds a few nevertheless
		ctx, cancel := context.WithTimeout(t.Context(), impatience)
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", at.String())
		cancel()
		if err != nil {
			return at
		}
		t.Cleanup(func() { connection.Close() })
	}
	t.Skip("this kernel accepts connections without end: none can be kept waiting")
	return at
}

// Goal: a connection is a yes, whichever the family, and why there is none is said in few words.
// Method: both ways to connect to a server, a closed port, a server whose queue is full.
func TestTCP(t *testing.T) {
	for name, dial := range dials {
		t.Run(name, func(t *testing.T) {
			for _, host := range []string{"127.0.0.1", "::1"} {
				at := listen(t, host, func(connection net.Conn) { connection.Close() })
				expect(t, once(t, harness.Check{TCP: &harness.TCPCheck{At: at}}, dial, retryAfter), "")
			}
			expect(t, once(t, harness.Check{TCP: &harness.TCPCheck{At: nobody(t)}}, dial, retryAfter), "connection refused")
			expect(t, once(t, harness.Check{TCP: &harness.TCPCheck{At: deaf(t)}}, dial, impatience), "no connection in time")
		})
	}
}

// Goal: an HTTP answer is a yes only with the wanted status and a whole body with the wanted text.
// Method: a server with a path for each way to be wrong, over both ways to connect.
func TestHTTP(t *testing.T) {
	mux := http.NewServeMux()
	var host, closes atomic.Value
	mux.HandleFunc("/", func(w http.ResponseWriter, request *http.Request) {
		host.Store(request.Host)
		closes.Store(request.Close)
		fmt.Fprintf(w, "path %s query %s", request.URL.Path, request.URL.RawQuery)
	})
	mux.HandleFunc("/down", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	mux.HandleFunc("/early", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusEarlyHints) })
	mux.HandleFunc("/half", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, request *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-request.Context().Done()
	})
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) {
		for i := range 5000 {
			fmt.Fprintf(w, "line %d ", i)
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	at := netip.MustParseAddrPort(server.Listener.Addr().String())
	hangsUp := listen(t, "127.0.0.1", func(connection net.Conn) { connection.Close() })
	babbles := listen(t, "127.0.0.1", func(connection net.Conn) {
		_, _ = connection.Read(make([]byte, 1000))
		_, _ = io.WriteString(connection, "what?\r\n\r\n")
		connection.Close()
	})
	for name, dial := range dials {
		for _, c := range []struct {
			check harness.HTTPCheck
			wants string
		}{
			{harness.HTTPCheck{At: at, Contains: "path / query "}, ""},
			{harness.HTTPCheck{At: at, Path: "/a%20b?c=d", Contains: "path /a b query c=d"}, ""},
			{harness.HTTPCheck{At: at, Contains: "nonsense"}, `the body does not contain "nonsense"`},
			{harness.HTTPCheck{At: at, Path: "/down"}, "answered 503 Service Unavailable"},
			{harness.HTTPCheck{At: at, Path: "/down", Status: 503}, ""},
			{harness.HTTPCheck{At: at, Path: "/early"}, ""},
			{harness.HTTPCheck{At: at, Path: "/half"}, errHungUp.Error()},
			{harness.HTTPCheck{At: at, Path: "/long", Contains: "line 4321 line"}, ""},
			{harness.HTTPCheck{At: at, Path: "/long", Contains: "line 5000"}, `the body does not contain "line 5000"`},
			{harness.HTTPCheck{At: nobody(t)}, "connection refused"},
		} {
			expect(t, once(t, harness.Check{HTTP: &c.check}, dial, retryAfter), c.wants)
		}
		expect(t, once(t, harness.Check{HTTP: &harness.HTTPCheck{At: at, Path: "/slow"}}, dial, impatience), "no answer in time")
		expect(t, once(t, harness.Check{HTTP: &harness.HTTPCheck{At: at, Host: "www.example"}}, dial, retryAfter), "")
		if host.Load() != "www.example" || closes.Load() != true {
			t.Errorf("%s: the server was asked as %v, to close: %v", name, host.Load(), closes.Load())
		}
		if err := once(t, harness.Check{HTTP: &harness.HTTPCheck{At: hangsUp}}, dial, retryAfter); err == nil ||
			err.Error() != errHungUp.Error() && !strings.Contains(err.Error(), "connection reset") &&
				!strings.Contains(err.Error(), "broken pipe") {
			t.Errorf("%s: who hangs up answers %v", name, err)
		}
		testkit.Expect(t, once(t, harness.Check{HTTP: &harness.HTTPCheck{At: babbles}}, dial, retryAfter), "malformed")
	}
	if _, err := New(harness.Check{HTTP: &harness.HTTPCheck{At: at, Path: "no-slash"}}, nil); err == nil {
		t.Error("a path without a slash was accepted")
	}
}

// Goal: who has patience is answered by a server that fails at first, hangs or turns people away, and is told no by one that
// never answers; who has none is told no by all of them. Method: a server that counts, where time is faked.
func TestHTTPPatience(t *testing.T) {
	for path, wants := range map[string]string{"/hangs": "", "/fails": "", "/never": "answered 503 Service Unavailable"} {
		for _, wait := range []time.Duration{0, 20 * time.Millisecond} {
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int32
				dial := serveInMemory(t, func(w http.ResponseWriter, r *http.Request) {
					switch first := asked.Add(1) == 1; {
					case first && r.URL.Path == "/hangs":
						<-r.Context().Done()
					case first && r.URL.Path == "/fails", r.URL.Path == "/never":
						w.WriteHeader(http.StatusServiceUnavailable)
					}
				})
				at := netip.MustParseAddrPort("192.0.2.1:80")
				err := once(t, harness.Check{HTTP: &harness.HTTPCheck{At: at, Path: path, RetryAfter: wait}}, dial, impatience)
				if wait == 0 && (err == nil || asked.Load() != 1) || wait > 0 && asked.Load() < 2 {
					t.Errorf("%s with the patience %v: asked %d times, and told %v", path, wait, asked.Load(), err)
				}
				if wait > 0 {
					expect(t, err, wants)
				}
			})
		}
	}
}

// A memory is a listener for the far ends of pipes.
type memory struct {
	connections chan net.Conn
	closed      chan struct{}
}

func (m memory) Accept() (net.Conn, error) {
	select {
	case connection := <-m.connections:
		return connection, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (memory) Close() error   { return nil }
func (memory) Addr() net.Addr { return &net.TCPAddr{} }

// serveInMemory is a way to connect to a server without the network, of which a bubble knows when it waits.
func serveInMemory(t *testing.T, handle http.HandlerFunc) Dial {
	t.Helper()
	listener := memory{make(chan net.Conn), make(chan struct{})}
	server := &http.Server{Handler: handle} //nolint:gosec // a fake needs no time limits
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() {
		close(listener.closed)
		_ = server.Close()
	})
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		near, far := net.Pipe()
		select {
		case listener.connections <- far:
			return near, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// resolver answers over UDP: one.example has the addresses, none.example no record, others do not
// exist, and silent.example gets only answers to checks nobody asked.
func resolver(t *testing.T) netip.AddrPort {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	testkit.Must(t, err)
	server := &dns.Server{PacketConn: socket, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, asked *dns.Msg) {
		answer := new(dns.Msg).SetReply(asked)
		switch dns.CanonicalName(asked.Question[0].Name) {
		case "one.example.":
			for _, text := range []string{
				"one.example. 1 A 192.0.2.1", "one.example. 1 AAAA 2001:db8::1",
				"one.example. 1 AAAA 2001:db8::2",
			} {
				record, err := dns.NewRR(text)
				if err == nil && record.Header().Rrtype == asked.Question[0].Qtype {
					answer.Answer = append(answer.Answer, record)
				}
			}
		case "none.example.":
		case "silent.example.":
			answer.Id++
		case "other.example.":
			answer.Question[0].Name = "another.example."
		default:
			answer.Rcode = dns.RcodeNameError
		}
		_ = w.WriteMsg(answer)
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return netip.MustParseAddrPort(socket.LocalAddr().String())
}

// Goal: a name is a yes with an address of its family, or with the wanted one, in the answer to this
// very check. Method: a resolver with a name for each way to be wrong, over both ways to connect.
func TestDNS(t *testing.T) {
	at := resolver(t)
	for _, dial := range dials {
		for _, c := range []struct{ name, kind, want, wants string }{
			{"one.example", "A", "", ""},
			{"ONE.example.", "AAAA", "2001:db8::2", ""},
			{"one.example", "A", "192.0.2.2", "the answer is [192.0.2.1], without 192.0.2.2"},
			{"none.example", "AAAA", "", "the answer has no AAAA record"},
			{"missing.example", "A", "", "NXDOMAIN"},
			{"silent.example", "A", "", "no answer in time"},
			{"other.example", "A", "", "no answer in time"},
		} {
			check := harness.DNSCheck{Resolver: at, Name: c.name, Type: c.kind}
			if c.want != "" {
				check.Want = netip.MustParseAddr(c.want)
			}
			limit := retryAfter
			if c.wants == "no answer in time" {
				limit = impatience
			}
			expect(t, once(t, harness.Check{DNS: &check}, dial, limit), c.wants)
		}
		check := harness.DNSCheck{Resolver: nobody(t), Name: "one.example", Type: "A"}
		expect(t, once(t, harness.Check{DNS: &check}, dial, retryAfter), "connection refused")
	}
}

// Goal: an echo comes back from where it was sent, in both families, several at a time, and silence
// is a no. Method: this machine's loopback; an address of it that it has no route to.
func TestEcho(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("an echo needs a raw socket, which only root may open")
	}
	for _, address := range []string{"127.0.0.1", "::1", "::ffff:127.0.0.1"} {
		checker, err := New(harness.Check{Ping: &harness.PingCheck{At: netip.MustParseAddr(address)}}, nil)
		if errors.Is(err, os.ErrPermission) {
			t.Skipf("a raw socket may not be opened here: %v", err)
		}
		testkit.Must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), retryAfter)
		answers := make(chan error)
		for range 20 {
			go func() { answers <- checker.Check(ctx) }()
		}
		for range 20 {
			expect(t, <-answers, "")
		}
		cancel()
		testkit.Expect(t, checker.Close(), "")
	}
	// Limited broadcast is answered by nobody, or not permitted: it is never a yes.
	if err := once(t, harness.Check{Ping: &harness.PingCheck{At: netip.MustParseAddr("255.255.255.255")}}, nil,
		impatience); err == nil {
		t.Error("an echo from nobody")
	}
	if _, err := New(harness.Check{Ping: &harness.PingCheck{At: netip.MustParseAddr("::1")}},
		(&net.Dialer{}).DialContext); err == nil {
		t.Error("an echo went over a connection")
	}
}

// Goal: a raw socket's replies to others, with another identity, number or source, are no answer.
// Method: hand such packets to an echo that waits, and the right one at last.
func TestEchoTakesItsOwnReplies(t *testing.T) {
	e := &echo{at: netip.MustParseAddr("192.0.2.1"), family: family4, identity: 7, waiting: map[uint16]chan<- error{}}
	answered := make(chan error, 1)
	number := e.expect(answered)
	for _, c := range []struct {
		from             string
		identity, number int
		kind             byte
		yes              bool
	}{
		{"192.0.2.2", 7, int(number), 0, false},
		{"192.0.2.1", 8, int(number), 0, false},
		{"192.0.2.1", 7, int(number) + 1, 0, false},
		{"192.0.2.1", 7, int(number), 8, false},
		{"192.0.2.1", 7, int(number), 0, true},
	} {
		packet := []byte{c.kind, 0, 0, 0, byte(c.identity >> 8), byte(c.identity), byte(c.number >> 8), byte(c.number)}
		e.deliver(packet, netip.MustParseAddr(c.from))
		if yes := len(answered) > 0; yes != c.yes {
			t.Errorf("%+v was taken for the answer: %t", c, yes)
		}
	}
}

// Goal: the end of the context ends a check at once, and is told from a missed limit. Method: a
// silent server, asked without a limit.
func TestAskEndsWithItsContext(t *testing.T) {
	at := listen(t, "127.0.0.1", func(connection net.Conn) { _, _ = io.Copy(io.Discard, connection) })
	for name, dial := range dials {
		checker, err := New(harness.Check{HTTP: &harness.HTTPCheck{At: at}}, dial)
		testkit.Must(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		answer := make(chan error, 1)
		go func() { answer <- checker.Check(ctx) }()
		select {
		case err := <-answer:
			t.Errorf("%s: a silent server answered: %v", name, err)
		case <-time.After(50 * time.Millisecond):
		}
		cancel()
		select {
		case err := <-answer:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: the answer is %v", name, err)
			}
		case <-time.After(retryAfter):
			t.Errorf("%s: the check goes on after its context", name)
		}
		_ = checker.Close()
	}
}

// Goal: a changed check is asked from then on, one in flight is answered as it was asked, and one
// that cannot be asked leaves the old one. Method: a server that answers late; then another.
func TestChange(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	late := listen(t, "127.0.0.1", func(connection net.Conn) {
		_, _ = connection.Read(make([]byte, 1000))
		asked <- struct{}{}
		<-answer
		_, _ = io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")
		connection.Close()
	})
	checker, err := New(harness.Check{HTTP: &harness.HTTPCheck{At: late, Contains: "old"}}, nil)
	testkit.Must(t, err)
	old := make(chan error, 1)
	go func() { old <- checker.Check(t.Context()) }()
	<-asked
	testkit.Must(t, checker.Change(harness.Check{TCP: &harness.TCPCheck{At: nobody(t)}}))
	if err := checker.Change(harness.Check{}); err == nil {
		t.Error("a check of no kind was accepted")
	}
	expect(t, checker.Check(t.Context()), "connection refused")
	close(answer)
	expect(t, <-old, "")
	testkit.Expect(t, checker.Close(), "")
	if err := checker.Check(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed checker answered %v", err)
	}
}

// BenchmarkAsk measures what the check costs, the server in the same process included.
func BenchmarkAsk(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_,
			_ = io.WriteString(w, "hello")
	}))
	defer server.Close()
	at := netip.MustParseAddrPort(server.Listener.Addr().String())
	for name, check := range map[string]harness.Check{
		"HTTP": {HTTP: &harness.HTTPCheck{At: at, Contains: "hello"}}, "TCP": {TCP: &harness.TCPCheck{At: at}},
	} {
		b.Run(name, func(b *testing.B) {
			checker, err := New(check, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer checker.Close()
			b.ReportAllocs()
			for b.Loop() {
				if err := checker.Check(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
