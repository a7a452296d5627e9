package openfga

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/httpapi"
)

const (
	// commentsInterval is the time between two writes.
	commentsInterval = 200 * time.Millisecond
	// commentsPage is how many comments one page of the list holds: OpenFGA's most.
	commentsPage = 100
)

// What a comment is made of in OpenFGA's words: "comment:7 is under post:drill and says {text: ...}".
const (
	commentPrefix = "comment:"
	relation      = "under"
	thread        = "post:drill"
	condition     = "says"
)

// A tuple is one row.
type tuple struct {
	User      string    `json:"user,omitempty"`
	Relation  string    `json:"relation,omitempty"`
	Object    string    `json:"object"`
	Condition *sentence `json:"condition,omitempty"`
}

type sentence struct {
	Name    string `json:"name"`
	Context struct {
		Text string `json:"text"`
	} `json:"context"`
}

// comment is the row of an entry.
func comment(entry int) tuple {
	says := &sentence{Name: condition}
	says.Context.Text = content(entry)
	return tuple{User: commentPrefix + strconv.Itoa(entry), Relation: relation, Object: thread, Condition: says}
}

// model describes comments to OpenFGA, in version 1.1 of its language.
var model = map[string]any{
	"schema_version": "1.1",
	"type_definitions": []map[string]any{
		{"type": "comment"},
		{
			"type":      "post",
			"relations": map[string]any{relation: map[string]any{"this": map[string]any{}}},
			"metadata": map[string]any{"relations": map[string]any{relation: map[string]any{
				"directly_related_user_types": []map[string]string{{"type": "comment", "condition": condition}},
			}}},
		},
	},
	"conditions": map[string]any{condition: map[string]any{
		"name": condition, "expression": `text != ""`,
		"parameters": map[string]any{"text": map[string]string{"type_name": "TYPE_NAME_STRING"}},
	}},
}

// Comments is a ledger of comments under one post, one every 200 ms. [CreateComments] makes their store.
// Each write looks for the store first, and has two connections of its own for that. A comment is
// acknowledged when OpenFGA has answered, which it does after PostgreSQL has answered the COMMIT.
func Comments(site Site) harness.Ledger { return comments{site} }

type comments struct{ site Site }

func (c comments) Name() string          { return "comments of " + c.site.String() }
func (comments) Interval() time.Duration { return commentsInterval }

func (c comments) Write(ctx context.Context, observer harness.Observer, entry int) error {
	found, err := c.site.store(ctx, harness.HTTPClient(observer, harness.VantageObserver))
	if err != nil {
		return fmt.Errorf("%w: %w", harness.ErrRefused, err)
	}
	return httpapi.Site(c.site).Write(ctx, observer, httpapi.Request{
		Method: http.MethodPost, Path: found.path("write"),
		Body: map[string]any{"writes": map[string]any{"tuple_keys": []tuple{comment(entry)}}},
	}, &struct{}{})
}

// Entries reads the comments page by page.
func (c comments) Entries(ctx context.Context, observer harness.Observer) ([]int, error) {
	// The fault is over, and there may be many pages: the connection is kept.
	kept := harness.KeptHTTPClient(observer, harness.VantageObserver)
	defer kept.CloseIdleConnections()
	found, err := c.site.store(ctx, kept)
	if err != nil {
		return nil, err
	}
	var entries []int
	for next := ""; ; {
		page, err := c.page(ctx, kept, found, next)
		if err != nil {
			return nil, fmt.Errorf("list the comments of %s: %w", c.site, err)
		}
		for _, row := range *page.Tuples {
			if entry, whole := row.Key.entry(); whole {
				entries = append(entries, entry)
			}
		}
		if next = page.Next; next == "" {
			return entries, nil
		}
	}
}

// A page is a part of the list.
type page struct {
	Tuples *[]struct{ Key tuple }
	Next   string `json:"continuation_token"` // "" on the last page
}

func (c comments) page(ctx context.Context, client *http.Client, from store, token string) (page, error) {
	var found page
	err := httpapi.Site(c.site).Ask(ctx, client, httpapi.Request{
		Method: http.MethodPost, Path: from.path("read"),
		Body: map[string]any{
			"tuple_key": tuple{Object: thread, Relation: relation}, "page_size": commentsPage,
			"continuation_token": token,
		},
	}, &found)
	if err == nil && found.Tuples == nil {
		return page{}, errors.New("the answer is no list")
	}
	return found, err
}

// entry is the number of a comment; false when the row does not hold what was written. A comment that
// lost its text is not the entry that was acknowledged.
func (t tuple) entry() (int, bool) {
	entry, err := strconv.Atoi(strings.TrimPrefix(t.User, commentPrefix))
	if err != nil || t.Condition == nil {
		return 0, false
	}
	wanted := comment(entry)
	whole := t.User == wanted.User && *t.Condition == *wanted.Condition
	return entry, whole
}

// content is what the comment of an entry says.
func content(entry int) string { return "entry " + strconv.Itoa(entry) }
