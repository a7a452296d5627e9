package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/labtest"
)

const address = "10.201.5.100:80"

var site = Site{At: netip.MustParseAddrPort(address), Host: "blog.reprise.test"}

// silent takes the whole request, as it must to notice that the client gave up, and never answers.
func silent(_ http.ResponseWriter, request *http.Request) {
	_, _ = io.Copy(io.Discard, request.Body)
	<-request.Context().Done()
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// breakOff ends in the middle of an answer.
func breakOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, `{"entry":`)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// Goal: a write is refused only when it can never turn up later, and is never sent twice.
// Method: sites, and proxies in front of them, that turn it away, fail, redirect, hang up, say nothing
// or are down, with a time limit on a fake clock.
func TestWriteTellsOutcomes(t *testing.T) {
	for name, c := range map[string]struct {
		site    http.HandlerFunc // nil: nobody listens
		refused bool
		want    string // "" wants no error
	}{
		"written": {site: labtest.Says(200, `{"entry":7}`)},
		"turned away": {
			labtest.Says(400, `{"message":"Failed to create record.","status":400}`), true,
			"answered 400 Bad Request: Failed to create record.",
		},
		"no such route":    {labtest.Says(404, "404 page not found\n"), true, "answered 404 Not Found: 404 page not found"},
		"no server behind": {labtest.Says(503, "no available server\n"), true, "answered 503 Service Unavailable: no available server"},
		"nobody listens":   {nil, true, "connection refused"},
		"overloaded":       {labtest.Says(503, "try later"), false, "answered 503 Service Unavailable: try later"},
		"internal error":   {labtest.Says(500, ""), false, "answered 500 Internal Server Error"},
		"bad gateway":      {labtest.Says(502, "Bad Gateway"), false, "answered 502 Bad Gateway: Bad Gateway"},
		"gateway timeout":  {labtest.Says(504, "Gateway Timeout"), false, "answered 504 Gateway Timeout: Gateway Timeout"},
		"given up":         {labtest.Says(499, "Client Closed Request"), false, "answered 499: Client Closed Request"},
		"given up inside": {
			labtest.Says(400, `{"code":"cancelled","message":"Request Cancelled"}`), false,
			"answered 400 Bad Request: Request Cancelled",
		},
		"sent elsewhere": {
			http.RedirectHandler("/other", http.StatusTemporaryRedirect).ServeHTTP, false,
			"answered 307 Temporary Redirect",
		},
		"another answer": {labtest.Says(200, "<html>"), false, "read the answer: invalid character '<'"},
		"too long":       {labtest.Says(200, `"`+strings.Repeat("x", 16<<20)+`"`), false, "read the answer: it is longer than 16 MiB"},
		"long complaint": {labtest.Says(500, strings.Repeat("x", 300)), false, "answered 500 Internal Server Error: " +
			strings.Repeat("x", 200) + "..."},
		"hung up":            {hangUp, false, "EOF"},
		"hung up in between": {breakOff, false, "read the answer: unexpected EOF"},
		"no answer in time":  {silent, false, "no answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sent atomic.Int32
				var handler http.Handler
				if c.site != nil {
					handler = http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
						sent.Add(1)
						c.site(w, request)
					})
				}
				machines := labtest.Serving(t, address, handler)
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				var answer struct{ Entry int }
				err := site.Write(ctx, machines, Request{Method: http.MethodPost, Path: "/posts", Body: map[string]int{"entry": 7}}, &answer)
				if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
					t.Errorf("the error is %v, want %q", err, c.want)
				}
				if errors.Is(err, harness.ErrRefused) != c.refused {
					t.Errorf("refused is %t for %v", !c.refused, err)
				}
				if err == nil && answer.Entry != 7 {
					t.Errorf("the answer was read as %+v", answer)
				}
				if times := sent.Load(); times > 1 {
					t.Errorf("it was sent %d times", times)
				}
			})
		})
	}
}

// A notary notes who connects to where.
type notary struct {
	*labtest.Lab
	dialled []string
}

func (n *notary) Dial(ctx context.Context, from, network, address string) (net.Conn, error) {
	n.dialled = append(n.dialled, from+" "+address)
	return n.Lab.Dial(ctx, from, network, address)
}

// Goal: a request arrives as it was made, at the site's address and under its name, and every write
// has a connection of its own. Method: a site that repeats what it got; two writes, and one to a site
// without a name.
func TestWhatArrives(t *testing.T) {
	type arrived struct{ Host, Method, Path, Query, Token, Type, Body string }
	machines := &notary{Lab: labtest.Serving(t, address, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		_ = json.NewEncoder(w).Encode(arrived{
			request.Host, request.Method, request.URL.Path, request.URL.RawQuery,
			request.Header.Get("Authorization"), request.Header.Get("Content-Type"), string(body),
		})
	}))}
	request := Request{
		Method: http.MethodPost, Path: "/posts?full=1", Header: http.Header{"Authorization": {"token"}},
		Body: map[string]int{"entry": 7},
	}
	want := arrived{"blog.reprise.test", "POST", "/posts", "full=1", "token", "application/json", `{"entry":7}`}
	for _, at := range []Site{site, {At: site.At}} {
		var found arrived
		testkit.Must(t, at.Write(t.Context(), machines, request, &found))
		if want.Host = at.Host; want.Host == "" {
			want.Host = "10.201.5.100" // the port is HTTP's own
		}
		if found.Host = strings.TrimSuffix(found.Host, ":80"); found != want {
			t.Errorf("arrived %+v, want %+v", found, want)
		}
	}
	if from := harness.VantageObserver + " " + address; !slices.Equal(machines.dialled, []string{from, from}) {
		t.Errorf("dialled %q", machines.dialled)
	}
	if len(request.Header) != 1 {
		t.Errorf("the caller's header was changed: %v", request.Header)
	}
}
