package pocketbase

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/httpapi"
	"github.com/reprise-dr/reprise/harness/probe"
)

// A Site is a PocketBase as its visitors reach it.
type Site struct {
	At   netip.AddrPort // where connections go, such as a reverse proxy; required
	Host string         // the name in the visitors' address bar; "" means At
}

// String names the site, such as "blog.reprise.test".
func (s Site) String() string { return httpapi.Site(s).String() }

// A Superuser may change the site. One is made beside the running program, by the command
// `pocketbase superuser upsert EMAIL PASSWORD --dir DATA`.
type Superuser struct {
	Email    string
	Password harness.Secret // named alone: the topology's of that name
}

// collection holds the posts.
const collection = "posts"

// A post is one record of the collection.
type post struct {
	ID      string `json:"id,omitempty"`
	Entry   int    `json:"entry"`
	Content string `json:"content"`
}

// landmark is the post that [Served] reads. PocketBase wants IDs of 15 characters.
var landmark = post{ID: "repriselandmark", Entry: -1, Content: "this post was here before the drill"}

// CreatePosts makes the empty collection of a ledger, in which everybody may read and post, with the
// post that [Served] reads. A collection that is there already is an error.
func CreatePosts(ctx context.Context, observer harness.Observer, site Site, superuser Superuser) error {
	token, err := logIn(ctx, observer, site, superuser)
	if err != nil {
		return fmt.Errorf("log in to %s: %w", site, err)
	}
	err = httpapi.Site(site).Write(ctx, observer, httpapi.Request{
		Method: http.MethodPost, Path: "/api/collections", Header: http.Header{"Authorization": {token}}, Body: schema,
	}, nil)
	if err != nil {
		return fmt.Errorf("create the collection %s of %s: %w", collection, site, err)
	}
	if err := write(ctx, observer, site, landmark); err != nil {
		return fmt.Errorf("write the first post of %s: %w", site, err)
	}
	return nil
}

func logIn(ctx context.Context, observer harness.Observer, site Site, superuser Superuser) (token string, err error) {
	password, err := superuser.Password.In(observer.Topology())
	if err != nil {
		return "", err
	}
	var answer struct{ Token string }
	err = httpapi.Site(site).Ask(ctx, harness.HTTPClient(observer, harness.VantageObserver), httpapi.Request{
		Method: http.MethodPost, Path: "/api/collections/_superusers/auth-with-password",
		Body: map[string]string{"identity": superuser.Email, "password": password},
	}, &answer)
	return answer.Token, err
}

// everybody is the rule of what needs no login; without a rule only superusers may.
const everybody = ""

// schema is the collection in PocketBase's words. Its index keeps an entry from being there twice.
var schema = map[string]any{
	"name": collection, "type": "base",
	"listRule": everybody, "viewRule": everybody, "createRule": everybody,
	"fields": []map[string]any{
		{"name": "entry", "type": "number", "onlyInt": true},
		{"name": "content", "type": "text", "required": true},
	},
	"indexes": []string{"CREATE UNIQUE INDEX idx_posts_entry ON posts (entry)"},
}

// Served claims that a post from before the drill is served, whole. [CreatePosts] writes it.
func Served(site Site) probe.NetworkProbe {
	return probe.NetworkProbe{
		Label: site.String() + " serves a page",
		Checks: probe.Fixed(harness.Check{HTTP: &harness.HTTPCheck{
			At: site.At, Host: site.Host, Path: records + "/" + landmark.ID, Contains: landmark.Content,
		}}),
	}
}
