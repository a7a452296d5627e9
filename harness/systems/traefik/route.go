package traefik

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// rootKey is below what Traefik looks for its configuration in a key-value store, unless it is told otherwise.
const rootKey = "traefik"

// entryPoint is the name of the port that routes are for.
const entryPoint = "web"

// A Route hands the requests for a host on to servers.
type Route struct {
	Name    string   // of its router and its service; required
	Host    string   // whose requests it takes; required
	Servers []string // URLs such as "http://[fd00:d1::31]:8080"; at least one
}

// Keys are the route in a key-value store, with the values of the keys. Who writes them should do so at once: Traefik reads
// whatever is there. Servers of an earlier version of the route that has more of them stay.
func (r Route) Keys() (map[string]string, error) {
	if err := r.validate(); err != nil {
		return nil, fmt.Errorf("write the route %q: %w", r.Name, err)
	}
	router, service := rootKey+"/http/routers/"+r.Name, rootKey+"/http/services/"+r.Name
	keys := map[string]string{
		router + "/rule":          "Host(`" + r.Host + "`)",
		router + "/service":       r.Name,
		router + "/entrypoints/0": entryPoint,
	}
	for i, server := range r.Servers {
		keys[fmt.Sprintf("%s/loadbalancer/servers/%d/url", service, i)] = server
	}
	return keys, nil
}

// validate says in one sentence what is wrong with the route.
func (r Route) validate() error {
	switch {
	case r.Name == "" || strings.ContainsAny(r.Name, "/@ "):
		return errors.New("its name is part of a key: it has no slash, no @ and no space, and is not empty")
	case r.Host == "" || strings.ContainsAny(r.Host, "` "):
		return fmt.Errorf("it cannot be for the host %q", r.Host)
	case len(r.Servers) == 0:
		return errors.New("it has no server: Traefik would answer every request with 503")
	}
	for _, server := range r.Servers {
		at, err := url.Parse(server)
		if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
			return fmt.Errorf("its server %q is no URL such as http://[fd00::1]:8080", server)
		}
	}
	return nil
}
