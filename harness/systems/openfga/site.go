package openfga

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/httpapi"
	"github.com/reprise-dr/reprise/harness/probe"
)

// A Site is an OpenFGA as its visitors reach it.
type Site struct {
	At   netip.AddrPort // where connections go, such as a reverse proxy; required
	Host string         // the name in the visitors' requests; "" means At
}

// String names the site, such as "comments.reprise.test".
func (s Site) String() string { return httpapi.Site(s).String() }

// storeName is what the store of the comments is called. Its ID is OpenFGA's choice.
const storeName = "comments"

// A store is where OpenFGA keeps what belongs together.
type store struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// path is that of an operation on the store.
func (s store) path(operation string) string {
	return "/stores/" + url.PathEscape(s.ID) + "/" + operation
}

// stores is the path of the stores with the comments' name.
const stores = "/stores?name=" + storeName

// CreateComments makes the empty store of a ledger. One that is there already is an error.
func CreateComments(ctx context.Context, observer harness.Observer, site Site) error {
	client := harness.HTTPClient(observer, harness.VantageObserver)
	_, err := site.store(ctx, client)
	if err == nil {
		return fmt.Errorf("create the store of %s: it is there already", site)
	}
	if !errors.Is(err, errNoStore) {
		return err
	}
	var made store
	create := httpapi.Request{Method: http.MethodPost, Path: "/stores", Body: store{Name: storeName}}
	if err := httpapi.Site(site).Ask(ctx, client, create, &made); err != nil {
		return fmt.Errorf("create the store of %s: %w", site, err)
	}
	describe := httpapi.Request{Method: http.MethodPost, Path: made.path("authorization-models"), Body: model}
	if err := httpapi.Site(site).Ask(ctx, client, describe, nil); err != nil {
		return fmt.Errorf("describe comments to %s: %w", site, err)
	}
	return nil
}

var errNoStore = errors.New("there is no store called " + storeName)

// store finds the store of the comments.
func (s Site) store(ctx context.Context, client *http.Client) (store, error) {
	var found struct{ Stores []store }
	if err := httpapi.Site(s).Ask(ctx, client, httpapi.Request{Method: http.MethodGet, Path: stores}, &found); err != nil {
		return store{}, fmt.Errorf("look for the store of %s: %w", s, err)
	}
	if len(found.Stores) == 0 {
		return store{}, fmt.Errorf("look for the store of %s: %w", s, errNoStore)
	}
	return found.Stores[0], nil
}

// Served claims that the store of the comments is found, which OpenFGA reads from PostgreSQL each time.
func Served(site Site) probe.NetworkProbe {
	return probe.NetworkProbe{
		Label: site.String() + " serves comments",
		Checks: probe.Fixed(harness.Check{HTTP: &harness.HTTPCheck{
			At: site.At, Host: site.Host, Path: stores, Contains: fmt.Sprintf(`"name":%q`, storeName),
		}}),
	}
}
