package s3

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: what was acknowledged is found again, and only what still holds its content.
// Method: write entries over several pages of a list; beside them lie objects of others, and
// afterwards one entry is empty, one is gone and one holds something else.
func TestObjectsFindWhatTheyWrote(t *testing.T) {
	store := newStore()
	node := running(t, store)
	ledger := Objects(bucket, "ledger")
	for entry := 1; entry <= 12; entry++ {
		labtest.Expect(t, ledger.Write(t.Context(), node, entry), "")
	}
	store.objects["ledger/note"], store.objects["ledger/07"], store.objects["ledgers/20"] = []byte("x"), content(7), content(20)
	store.objects["ledger/3"], store.objects["ledger/5"] = nil, content(6)
	delete(store.objects, "ledger/9")
	entries, err := ledger.Entries(t.Context(), node)
	labtest.Expect(t, err, "")
	slices.Sort(entries)
	if want := []int{1, 2, 4, 6, 7, 8, 10, 11, 12}; !slices.Equal(entries, want) {
		t.Errorf("found %v, want %v", entries, want)
	}
}

// Goal: a ledger that cannot be read back is an error and never an empty ledger.
// Method: read back from a server that fails, and from one that is down.
func TestObjectsThatCannotBeRead(t *testing.T) {
	ledger := Objects(bucket, "ledger")
	_, err := ledger.Entries(t.Context(), running(t, says(500, "InternalError")))
	labtest.Expect(t, err, "list bucket drill on s3-1: answered 500 InternalError")
	_, err = ledger.Entries(t.Context(), running(t, nil))
	labtest.Expect(t, err, "connection refused")
	store := newStore()
	store.objects["ledger/1"] = content(1)
	unreadable := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.URL.Path == "/drill/ledger/1" {
			fail(w, http.StatusInternalServerError, "InternalError")
			return
		}
		store.ServeHTTP(w, request)
	})
	_, err = ledger.Entries(t.Context(), running(t, unreadable))
	labtest.Expect(t, err, "read ledger/1 of bucket drill on s3-1: answered 500 InternalError")
}

// Goal: a write is refused only when it can never turn up later, and is never sent twice.
// Method: servers that turn it away, fail, hang up, say nothing or are down, with a time limit on a
// fake clock.
func TestObjectsTellOutcomes(t *testing.T) {
	for name, c := range map[string]struct {
		write   http.HandlerFunc
		down    bool
		refused bool
	}{
		"turned away":               {write: says(403, "AccessDenied"), refused: true},
		"no such bucket":            {write: says(404, "NoSuchBucket"), refused: true},
		"internal error":            {write: says(500, "InternalError")},
		"overloaded":                {write: says(503, "SlowDown")},
		"acknowledged with no ETag": {write: says(200, "")},
		"hung up":                   {write: hangUp},
		"no answer in time":         {write: silent},
		"nobody listens":            {down: true, refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newStore()
				store.write = c.write
				node := running(t, store)
				if c.down {
					node = running(t, nil)
				}
				defer node.Close()
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				err := Objects(bucket, "ledger").Write(ctx, node, 1)
				if err == nil || errors.Is(err, harness.ErrRefused) != c.refused {
					t.Errorf("the error is %v; refused should be %t", err, c.refused)
				}
				if store.writes > 1 {
					t.Errorf("the object was sent %d times", store.writes)
				}
			})
		})
	}
}
