package protocol

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// peer serves a handler to a client that reaches it under any URL.
func peer(t *testing.T, handler http.Handler) *http.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client := server.Client()
	transport, ok := client.Transport.(*http.Transport)
	if !ok {
		t.Fatalf("the test server's transport is a %T", client.Transport)
	}
	transport.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(server.URL) }
	return client
}

// Goal: errors keep their text and what callers tell apart. Method: refuse with wrapped errors of
// each kind and of none.
func TestFailuresKeepTheirKind(t *testing.T) {
	var refusal error
	client := peer(t, Handle(func(context.Context, Nothing) (Nothing, error) { return Nothing{}, refusal }))
	for _, kind := range []error{
		syscall.ECONNREFUSED, syscall.EHOSTUNREACH, fs.ErrNotExist, syscall.EROFS, syscall.ENOSPC,
		syscall.EIO, harness.ErrOff,
	} {
		refusal = fmt.Errorf("try it: %w", kind)
		err := Call(t.Context(), client, PathClock, Nothing{}, nil)
		if !errors.Is(err, kind) || err.Error() != refusal.Error() {
			t.Errorf("%v arrived as %v", refusal, err)
		}
	}
	refusal = errors.New("of no kind")
	err := Call(t.Context(), client, PathClock, Nothing{}, nil)
	if err == nil || err.Error() != "of no kind" || errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v arrived as %v", refusal, err)
	}
}

// Goal: a caller who gives up ends the work on the other side. Method: a handler that only ends when
// its context does.
func TestCancelReachesTheOtherSide(t *testing.T) {
	started, cancelled := make(chan struct{}), make(chan struct{})
	client := peer(t, Handle(func(ctx context.Context, _ Nothing) (Nothing, error) {
		close(started)
		<-ctx.Done()
		close(cancelled)
		return Nothing{}, nil
	}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-started; cancel() }()
	if err := Call(ctx, client, PathClock, Nothing{}, nil); !errors.Is(err, context.Canceled) ||
		strings.Contains(err.Error(), "http://") {
		t.Errorf("the call ended with %v, want canceled and no URL", err)
	}
	select {
	case <-cancelled:
	case <-time.After(5 * time.Second):
		t.Error("the other side still works 5 s after the caller gave up")
	}
}
