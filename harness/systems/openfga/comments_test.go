package openfga

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: the store is made as a ledger needs it, once. Method: make it twice, on a server that works,
// then on one that fails and on none.
func TestCreateComments(t *testing.T) {
	server := &fakeServer{}
	machines := labtest.Serving(t, address, server)
	labtest.Expect(t, CreateComments(t.Context(), machines, site), "")
	if server.model["schema_version"] != "1.1" {
		t.Errorf("the store's model is %v", server.model)
	}
	labtest.Expect(t, CreateComments(t.Context(), machines, site), "create the store of comments.reprise.test: it is there already")
	labtest.Expect(t, CreateComments(t.Context(), labtest.Serving(t, address, labtest.Says(500, "")), site),
		"look for the store of comments.reprise.test: answered 500")
	labtest.Expect(t, CreateComments(t.Context(), labtest.Serving(t, address, nil), site), "connection refused")
}

// Goal: the claim holds when OpenFGA finds the store, at the right site. Method: ask before and after
// the store is made, ask for another site, and one that is down.
func TestServed(t *testing.T) {
	machines := labtest.Serving(t, address, &fakeServer{})
	labtest.Expect(t, Served(site).Check(t.Context(), machines), "the body does not contain")
	labtest.Expect(t, CreateComments(t.Context(), machines, site), "")
	labtest.Expect(t, Served(site).Check(t.Context(), machines), "")
	labtest.Expect(t, Served(Site{At: site.At, Host: "www.reprise.test"}).Check(t.Context(), machines), "answered 404 Not Found")
	labtest.Expect(t, Served(site).Check(t.Context(), labtest.Serving(t, address, nil)), "connection refused")
	if name := Served(site).Name(); name != "comments.reprise.test serves comments" {
		t.Errorf("it claims that %s", name)
	}
}

// Goal: what was acknowledged is found again, on every page, and only what still holds its text.
// Method: write over more than one page; afterwards one comment is gone, one has another text, one
// none at all, and somebody else's comments are there too.
func TestCommentsFindWhatTheyWrote(t *testing.T) {
	server := &fakeServer{}
	machines := labtest.Serving(t, address, server)
	labtest.Expect(t, CreateComments(t.Context(), machines, site), "")
	ledger := Comments(site)
	const written = 2*commentsPage + 5
	for entry := range written {
		labtest.Expect(t, ledger.Write(t.Context(), machines, entry), "")
	}
	server.tuples[3].Condition = nil
	server.tuples[5].Condition = comment(6).Condition
	server.tuples[7] = tuple{User: "comment:x", Relation: relation, Object: thread, Condition: comment(7).Condition}
	server.tuples[8].User = "comment:08"
	server.tuples = slices.Delete(server.tuples, 9, 10)
	entries, err := ledger.Entries(t.Context(), machines)
	labtest.Expect(t, err, "")
	var want []int
	for entry := range written {
		if !slices.Contains([]int{3, 5, 7, 8, 9}, entry) {
			want = append(want, entry)
		}
	}
	if !slices.Equal(entries, want) {
		t.Errorf("found %d entries, want %d: %v", len(entries), len(want), entries)
	}
	if !slices.Equal(server.tokens, []string{"", "100", "200"}) {
		t.Errorf("the pages were %q", server.tokens)
	}
}

// Goal: a ledger that cannot be read back is an error and never an empty ledger.
// Method: read back from a server without the store, one that fails, one that answers something else
// and one that is down.
func TestCommentsThatCannotBeRead(t *testing.T) {
	other := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodGet {
			answer(w, http.StatusOK, map[string]any{"stores": []store{{ID: storeID}}})
			return
		}
		answer(w, http.StatusOK, struct{}{})
	})
	for name, c := range map[string]struct {
		server http.Handler
		want   string
	}{
		"no store":       {&fakeServer{}, "look for the store of comments.reprise.test: there is no store called comments"},
		"failing":        {labtest.Says(502, "Bad Gateway"), "answered 502 Bad Gateway"},
		"something else": {other, "list the comments of comments.reprise.test: the answer is no list"},
		"nobody listens": {nil, "connection refused"},
	} {
		_, err := Comments(site).Entries(t.Context(), labtest.Serving(t, address, c.server))
		if err == nil {
			t.Errorf("%s: it was taken for an empty ledger", name)
		}
		labtest.Expect(t, err, c.want)
	}
}

// Goal: a comment is refused when its store was not found or OpenFGA turned it away, and unknown when
// OpenFGA failed or gave up in between; it is never sent twice.
// Method: servers that do each of these.
func TestCommentsTellOutcomes(t *testing.T) {
	for name, c := range map[string]struct {
		server  *fakeServer // nil: nobody listens
		refused bool
		want    string
	}{
		"written":        {&fakeServer{made: true}, false, ""},
		"there already":  {&fakeServer{made: true, tuples: []tuple{comment(7)}}, true, "cannot write a tuple which already exists"},
		"no store":       {&fakeServer{}, true, "there is no store called comments"},
		"nobody listens": {nil, true, "connection refused"},
		"failing": {
			&fakeServer{made: true, write: labtest.Says(500, `{"code":"internal_error","message":"Internal Server Error"}`)},
			false, "answered 500 Internal Server Error",
		},
		"given up": {
			&fakeServer{made: true, write: labtest.Says(400, `{"code":"cancelled","message":"Request Cancelled"}`)}, false,
			"Request Cancelled",
		},
		"another answer": {&fakeServer{made: true, write: labtest.Says(200, "<html>")}, false, "read the answer"},
	} {
		var handler http.Handler
		if c.server != nil {
			handler = c.server
		}
		err := Comments(site).Write(t.Context(), labtest.Serving(t, address, handler), 7)
		if labtest.Expect(t, err, c.want); errors.Is(err, harness.ErrRefused) != c.refused {
			t.Errorf("%s: refused is %t: %v", name, !c.refused, err)
		}
		if c.server != nil && c.server.writes > 1 {
			t.Errorf("%s: it was sent %d times", name, c.server.writes)
		}
	}
}
