package traefik

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/httpapi"
	"github.com/reprise-dr/reprise/harness/probe"
)

// A Way is how clients come to a site: by a proxy.
type Way struct {
	Node string // of the proxy; required
	Port uint16 // 0 means 80
	Host string // of the site, as requests name it; required
}

// defaultPort is where clients come in.
const defaultPort = 80

// periods of the probes. A request whose server is gone waits in the proxy for up to 30 s: too many of them would be a load.
const (
	answersPeriod = 100 * time.Millisecond
	knowsPeriod   = 200 * time.Millisecond
)

// Answers claims that the site answers through the proxy with status 200. It is asked every 100 ms, over a connection of its own.
func Answers(way Way) harness.Probe {
	return probe.NetworkProbe{
		Label: fmt.Sprintf("%s answers through %s", way.Host, way.Node), Every: answersPeriod,
		Checks: func(observer harness.Observer) (harness.Check, error) {
			now, err := observer.Addresses(way.Node)
			if err != nil {
				return harness.Check{}, fmt.Errorf("look up the addresses of %s: %w", way.Node, err)
			}
			at := netip.AddrPortFrom(now.IPv6, cmp.Or(way.Port, defaultPort))
			return harness.Check{HTTP: &harness.HTTPCheck{At: at, Host: way.Host}}, nil
		},
	}
}

// Knows claims that the proxy has the route, with these servers: what it would do with a request, whether or not a server answers
// it. Its API is asked every 200 ms.
func Knows(node string, route Route) harness.Probe {
	return probe.Func{
		Label: fmt.Sprintf("%s knows the route %s to %s", node, route.Name, route.Servers), Every: knowsPeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error { return knows(ctx, observer, node, route) },
	}
}

func knows(ctx context.Context, observer harness.Observer, node string, route Route) error {
	if err := route.validate(); err != nil {
		return err
	}
	var router struct {
		Rule   string `json:"rule"`
		Status string `json:"status"`
	}
	if err := ask(ctx, observer, node, "/api/http/routers/"+url.PathEscape(route.Name)+provider, &router); err != nil {
		return fmt.Errorf("its route: %w", err)
	}
	if router.Status != "enabled" || router.Rule != "Host(`"+route.Host+"`)" {
		return fmt.Errorf("the route is %s, with the rule %s", router.Status, router.Rule)
	}
	var service struct {
		LoadBalancer struct {
			Servers []struct {
				URL string `json:"url"`
			} `json:"servers"`
		} `json:"loadBalancer"`
	}
	if err := ask(ctx, observer, node, "/api/http/services/"+url.PathEscape(route.Name)+provider, &service); err != nil {
		return fmt.Errorf("its service: %w", err)
	}
	has := map[string]bool{}
	for _, server := range service.LoadBalancer.Servers {
		has[server.URL] = true
	}
	for _, server := range route.Servers {
		if !has[server] {
			return fmt.Errorf("the route leads to %v", service.LoadBalancer.Servers)
		}
	}
	return nil
}

// provider ends the names of what has come from Consul.
const provider = "@consul"

// apiAddress is where the API listens, seen from the proxy's own node.
const apiAddress = "127.0.0.1:8080"

// ask asks the API once.
func ask(ctx context.Context, observer harness.Observer, node, path string, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+apiAddress+path, nil)
	if err != nil {
		return err
	}
	text, err := httpapi.AskOwn(ctx, observer, node, request)
	if answered, ok := errors.AsType[*httpapi.AnswerError](err); ok {
		if answered.Status == http.StatusNotFound {
			return errNone
		}
		return fmt.Errorf("the API %w", answered)
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("read the API's answer: %w", err)
	}
	return nil
}
