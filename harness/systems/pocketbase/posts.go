package pocketbase

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/httpapi"
)

const (
	// records is the path of the posts.
	records = "/api/collections/" + collection + "/records"
	// postsInterval is the time between two writes.
	postsInterval = 200 * time.Millisecond
	// postsPage is how many posts one page of the list holds: PocketBase's most.
	postsPage = 1000
)

// Posts is a ledger of blog posts, one every 200 ms, each over a connection of its own. [CreatePosts]
// makes their collection. A post is acknowledged when PocketBase has answered with the record that it
// has committed to SQLite.
func Posts(site Site) harness.Ledger { return posts{site} }

type posts struct{ site Site }

func (p posts) Name() string          { return "posts of " + p.site.String() }
func (posts) Interval() time.Duration { return postsInterval }

func (p posts) Write(ctx context.Context, observer harness.Observer, entry int) error {
	return write(ctx, observer, p.site, post{Entry: entry, Content: content(entry)})
}

// Entries reads the posts page by page, in their order, each page from where the last one ended.
func (p posts) Entries(ctx context.Context, observer harness.Observer) ([]int, error) {
	// The fault is over, and there may be many pages: the connection is kept.
	kept := harness.KeptHTTPClient(observer, harness.VantageObserver)
	defer kept.CloseIdleConnections()
	var entries []int
	for last := landmark.Entry; ; {
		var page struct{ Items *[]post }
		err := httpapi.Site(p.site).Ask(ctx, kept, httpapi.Request{Method: http.MethodGet, Path: pageAfter(last)}, &page)
		if err != nil {
			return nil, fmt.Errorf("list the posts of %s: %w", p.site, err)
		}
		if page.Items == nil {
			return nil, fmt.Errorf("list the posts of %s: the answer is no list", p.site)
		}
		for _, found := range *page.Items {
			// A post that lost its content is not the entry that was acknowledged.
			if found.Content == content(found.Entry) {
				entries = append(entries, found.Entry)
			}
			last = found.Entry
		}
		if len(*page.Items) < postsPage {
			return entries, nil
		}
	}
}

// pageAfter is the path of the posts with higher numbers than the given one.
func pageAfter(entry int) string {
	return fmt.Sprintf("%s?perPage=%d&skipTotal=1&sort=entry&filter=entry%%3E%d", records, postsPage, entry)
}

// write posts once. An answer that is not the post leaves open what was written.
func write(ctx context.Context, observer harness.Observer, site Site, wanted post) error {
	var written post
	err := httpapi.Site(site).Write(ctx, observer, httpapi.Request{Method: http.MethodPost, Path: records, Body: wanted}, &written)
	if err != nil {
		return err
	}
	if written.Entry != wanted.Entry || written.Content != wanted.Content {
		return fmt.Errorf("the server acknowledged another post: %d, %q", written.Entry, written.Content)
	}
	return nil
}

// content is what the post of an entry says.
func content(entry int) string { return "entry " + strconv.Itoa(entry) }
