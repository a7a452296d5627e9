package pocketbase

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: the collection is made as a ledger needs it, once, and by whoever knows the password.
// Method: make it with a wrong password, then rightly, then again.
func TestCreatePosts(t *testing.T) {
	server := &fakeBlog{}
	machines := labtest.Serving(t, address, server)
	stranger := Superuser{admin.Email, harness.Secret{Value: "guess"}}
	labtest.Expect(t, CreatePosts(t.Context(), machines, blog, stranger),
		"log in to blog.reprise.test: answered 400 Bad Request: Failed to authenticate.")
	labtest.Expect(t, CreatePosts(t.Context(), machines, blog, admin), "")
	for _, rule := range []string{"listRule", "viewRule", "createRule"} {
		if allowed, isSet := server.made[rule]; !isSet || allowed != "" {
			t.Errorf("%s is %v: only superusers may", rule, allowed)
		}
	}
	if !slices.Equal(server.posts, []post{landmark}) {
		t.Errorf("the posts are %v", server.posts)
	}
	labtest.Expect(t, CreatePosts(t.Context(), machines, blog, admin),
		"create the collection posts of blog.reprise.test: refused: answered 400")
	labtest.Expect(t, CreatePosts(t.Context(), labtest.Serving(t, address, nil), blog, admin), "connection refused")
}

// Goal: the claim holds when the post from before the drill is served, by the right site.
// Method: ask a blog before and after its collection is made, ask for another site, then for one that is down.
func TestServed(t *testing.T) {
	machines := labtest.Serving(t, address, &fakeBlog{})
	labtest.Expect(t, Served(blog).Check(t.Context(), machines), "answered 404 Not Found")
	labtest.Expect(t, CreatePosts(t.Context(), machines, blog, admin), "")
	labtest.Expect(t, Served(blog).Check(t.Context(), machines), "")
	labtest.Expect(t, Served(Site{At: blog.At, Host: "www.reprise.test"}).Check(t.Context(), machines), "answered 404 Not Found")
	labtest.Expect(t, Served(blog).Check(t.Context(), labtest.Serving(t, address, nil)), "connection refused")
	if name := Served(blog).Name(); name != "blog.reprise.test serves a page" {
		t.Errorf("it claims that %s", name)
	}
}

// Goal: what was acknowledged is found again, on every page, and only what still holds its content.
// Method: write over more than one page, beside the landmark; afterwards one post is empty, one is
// gone and one holds something else.
func TestPostsFindWhatTheyWrote(t *testing.T) {
	server := &fakeBlog{}
	machines := labtest.Serving(t, address, server)
	labtest.Expect(t, CreatePosts(t.Context(), machines, blog, admin), "")
	ledger := Posts(blog)
	const written = postsPage + 5
	for entry := range written {
		labtest.Expect(t, ledger.Write(t.Context(), machines, entry), "")
	}
	server.posts = slices.DeleteFunc(server.posts, func(p post) bool { return p.Entry == 9 })
	for i, found := range server.posts {
		switch found.Entry {
		case 3:
			server.posts[i].Content = ""
		case 5:
			server.posts[i].Content = content(6)
		}
	}
	entries, err := ledger.Entries(t.Context(), machines)
	labtest.Expect(t, err, "")
	var want []int
	for entry := range written {
		if entry != 3 && entry != 5 && entry != 9 {
			want = append(want, entry)
		}
	}
	if !slices.Equal(entries, want) {
		t.Errorf("found %d entries, want %d: %v", len(entries), len(want), entries)
	}
	if !slices.Equal(server.pages, []string{"-1", "1000"}) {
		t.Errorf("listed after %v", server.pages)
	}
}

// Goal: a ledger that cannot be read back is an error and never an empty ledger.
// Method: read back from a server that fails, one that answers something else and one that is down.
func TestPostsThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		server http.Handler
		want   string
	}{
		"no collection":  {&fakeBlog{}, "list the posts of blog.reprise.test: answered 404 Not Found: Missing collection context."},
		"failing":        {labtest.Says(502, "Bad Gateway"), "answered 502 Bad Gateway"},
		"something else": {labtest.Says(200, "{}"), "list the posts of blog.reprise.test: the answer is no list"},
		"a page":         {labtest.Says(200, "<html>"), "read the answer"},
		"nobody listens": {nil, "connection refused"},
	} {
		_, err := Posts(blog).Entries(t.Context(), labtest.Serving(t, address, c.server))
		if err == nil {
			t.Errorf("%s: it was taken for an empty ledger", name)
		}
		labtest.Expect(t, err, c.want)
	}
}

// Goal: a post is acknowledged when the answer is the post, refused when PocketBase turns it away, and
// unknown when it answers something else.
// Method: write one post twice, then to a server that answers with another.
func TestPostsTellOutcomes(t *testing.T) {
	machines := labtest.Serving(t, address, &fakeBlog{})
	labtest.Expect(t, CreatePosts(t.Context(), machines, blog, admin), "")
	labtest.Expect(t, Posts(blog).Write(t.Context(), machines, 7), "")
	err := Posts(blog).Write(t.Context(), machines, 7)
	if labtest.Expect(t, err, "answered 400 Bad Request: Failed to create record."); !errors.Is(err, harness.ErrRefused) {
		t.Errorf("a post that was turned away is not refused: %v", err)
	}
	other := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, post{Entry: 8, Content: content(8)}) })
	err = Posts(blog).Write(t.Context(), labtest.Serving(t, address, other), 7)
	if labtest.Expect(t, err, `the server acknowledged another post: 8, "entry 8"`); errors.Is(err, harness.ErrRefused) {
		t.Errorf("a post that may have been written is refused: %v", err)
	}
}
