package s3

import (
	"context"
	"io"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// silent takes the whole request, as it must to notice that the client gave up, and never answers.
func silent(_ http.ResponseWriter, request *http.Request) {
	_, _ = io.Copy(io.Discard, request.Body)
	<-request.Context().Done()
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func says(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		_, _ = io.Copy(io.Discard, request.Body)
		fail(w, status, code)
	}
}

// Goal: the claim holds when the object from before the drill is read back whole, and otherwise the
// error says what was seen, at the moment it was seen.
// Method: ask servers in different states, with a time limit on a fake clock.
func TestAnswers(t *testing.T) {
	with := func(content string) http.Handler {
		store := newStore()
		store.objects[landmark] = []byte(content)
		return store
	}
	for name, c := range map[string]struct {
		server http.Handler
		want   string
	}{
		"up":                {with(string(landmarkContent)), ""},
		"another content":   {with("this"), "the object holds something else"},
		"more content":      {with(string(landmarkContent) + "more"), "the object holds something else"},
		"empty":             {with(""), "the object holds something else"},
		"no object":         {newStore(), "answered 404 NoSuchKey"},
		"an error":          {says(503, "SlowDown"), "answered 503 SlowDown"},
		"hangs up":          {http.HandlerFunc(hangUp), "Connection closed by foreign host"},
		"no answer in time": {http.HandlerFunc(silent), "no answer in time"},
		"nobody listens":    {nil, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				node := running(t, c.server)
				defer node.Close()
				asked := time.Now()
				labtest.Expect(t, Answers(bucket).Check(ctx, node), c.want)
				if took := time.Since(asked); took > 0 && ctx.Err() == nil {
					t.Errorf("what was seen was told %v later", took)
				}
			})
		})
	}
}

// Goal: the claim holds when an object is acknowledged, and otherwise the error says what was seen; nothing is sent twice.
// Method: give one to servers in different states.
func TestTakesWrites(t *testing.T) {
	for name, c := range map[string]struct {
		write http.HandlerFunc
		want  string
	}{
		"up":         {nil, ""},
		"no quorum":  {says(503, "SlowDownWrite"), "answered 503 SlowDownWrite"},
		"no ETag":    {func(http.ResponseWriter, *http.Request) {}, "the server acknowledged the object without an ETag"},
		"turns away": {says(403, "AccessDenied"), "answered 403 AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			store := newStore()
			store.write = c.write
			labtest.Expect(t, TakesWrites(bucket).Check(t.Context(), running(t, store)), c.want)
			if store.writes != 1 {
				t.Errorf("the object was sent %d times", store.writes)
			}
		})
	}
}

// Goal: a bucket is made with the object in it that is asked for, once; every question comes from the
// observer over a connection of its own, and is asked once.
// Method: make a bucket twice and ask, and count the connections; then ask a server that fails.
func TestCreateBucketThenAsk(t *testing.T) {
	node := running(t, newStore())
	labtest.Expect(t, CreateBucket(t.Context(), node, bucket), "")
	labtest.Expect(t, CreateBucket(t.Context(), node, bucket), "create bucket drill on s3-1: answered 409 BucketAlreadyOwnedByYou")
	node.dialled = nil
	labtest.Expect(t, Answers(bucket).Check(t.Context(), node), "")
	labtest.Expect(t, Answers(bucket).Check(t.Context(), node), "")
	node.Serve("s3-1", "[fd00:d9::12]:7070", says(503, "SlowDown"))
	labtest.Expect(t, Answers(bucket).Check(t.Context(), node), "answered 503 SlowDown")
	from := harness.VantageObserver + " [fd00:d9::12]:7070"
	if want := []string{from, from, from}; !slices.Equal(node.dialled, want) {
		t.Errorf("dialled %q, want %q", node.dialled, want)
	}
}

// Goal: questions without the right keys, and about a node that is not there, are errors.
// Method: ask them.
func TestWrongBucket(t *testing.T) {
	node := running(t, newStore())
	stranger := bucket
	stranger.AccessKey = "somebody"
	labtest.Expect(t, Answers(stranger).Check(t.Context(), node), "answered 403 AccessDenied")
	stranger.Node = "s3-9"
	labtest.Expect(t, Answers(stranger).Check(t.Context(), node), "look up the addresses of s3-9")
}
