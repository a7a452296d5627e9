package harness

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// HTTPClient makes a client whose connections start on the given node: a node's own name to reach
// what listens on its loopback, [VantageObserver] to come across the network. Every request opens a
// connection of its own and closes it: a kept connection would outlive the fault it is meant to
// see. The request's context is its only time limit, and ends an attempt to connect as well.
func HTTPClient(observer Observer, from string) *http.Client {
	return &http.Client{Transport: freshConnections{observer: observer, from: from}}
}

// HTTPSClient is an [HTTPClient] that speaks TLS by the given settings over every connection, whatever the scheme of a
// request's URL. The name in the server's certificate is the URL's host unless the settings have one.
func HTTPSClient(observer Observer, from string, settings *tls.Config) *http.Client {
	if settings == nil {
		settings = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Transport: freshConnections{observer, from, settings}}
}

// How long a kept connection stays without a request, how long one may take to come about, and how many
// may be idle at a time.
const (
	keptIdle      = 5 * time.Second
	keptDialLimit = 2 * time.Second
	keptMost      = 16
)

// KeptHTTPClient is an [HTTPClient] whose connections serve one request after the other: what a ledger
// needs that writes hundreds of times a second, and nothing that measures an outage may use. A request
// that fails takes its connection along, and an idle connection is closed after 5 s, so that a fault
// leaves nothing behind that the next request could get stuck on. No request that may have been sent is
// ever sent again, unless it only reads.
func KeptHTTPClient(observer Observer, from string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: keptMost,
		IdleConnTimeout:     keptIdle,
		DisableCompression:  true,
		// The context that a transport dials with outlives the request: the limit is what ends it.
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, keptDialLimit)
			defer cancel()
			return observer.Dial(ctx, from, network, address)
		},
	}}
}

// freshConnections gives every request a transport of its own.
type freshConnections struct {
	observer Observer
	from     string
	settings *tls.Config // nil speaks no TLS by itself
}

func (f freshConnections) RoundTrip(request *http.Request) (*http.Response, error) {
	transport := &http.Transport{
		DisableKeepAlives: true,
		// The context that a transport dials with outlives the request, in the hope of another one. A
		// network that swallows every packet would then pile up dials, each of two minutes.
		DialContext: func(_ context.Context, network, address string) (net.Conn, error) {
			return f.dial(request.Context(), network, address)
		},
	}
	if f.settings == nil {
		return transport.RoundTrip(request)
	}
	transport.DialTLSContext = transport.DialContext
	response, err := transport.RoundTrip(request)
	// The closing alert of TLS reaches the server before its connection is closed: what it answers to that comes
	// after the request's end, and is no answer to the request.
	if ended := request.Context().Err(); err == nil && ended != nil {
		_ = response.Body.Close()
		return nil, ended
	}
	return response, err
}

// dial connects, and shakes hands if there are settings.
func (f freshConnections) dial(ctx context.Context, network, address string) (net.Conn, error) {
	connection, err := f.observer.Dial(ctx, f.from, network, address)
	if err != nil || f.settings == nil {
		return connection, err
	}
	settings := f.settings.Clone()
	if settings.ServerName == "" {
		settings.ServerName, _, _ = net.SplitHostPort(address) // it was dialled, so that it has a port
	}
	secured := tls.Client(connection, settings)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = connection.Close()
		return nil, err
	}
	return secured, nil
}

// Unsent follows one HTTP request. The returned context goes with the request; afterwards the
// function tells whether the request certainly never left: no connection was there to send it on.
// That is what tells a refused write from one whose outcome is unknown.
func Unsent(ctx context.Context) (context.Context, func() bool) {
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	return ctx, func() bool { return !connected.Load() }
}

// Plain turns the error of an HTTP request into what a reader of a report wants: without the URL,
// which says where the harness looked and not what is wrong, and with a missed deadline named as such.
func Plain(err error) error {
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = request.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errNoAnswer{err}
	}
	return err
}

// errNoAnswer is a missed deadline under a readable name.
type errNoAnswer struct{ cause error }

func (e errNoAnswer) Error() string { return "no answer in time" }

func (e errNoAnswer) Unwrap() error { return e.cause }
