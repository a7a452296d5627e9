package echoserver

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// resolveLimit is how long the canary waits for its resolver. It is short of the half second after
// which its clients give up, so that they hear why.
const resolveLimit = 400 * time.Millisecond

// A Resolution is what the canary's resolver made of a name.
type Resolution struct {
	Name      string       `json:"name"`
	Addresses []netip.Addr `json:"addresses,omitempty"`
	Error     string       `json:"error,omitempty"` // why there are no addresses
}

// lookup asks as the file /etc/resolv.conf where the canary runs says, without the C library.
func lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	addresses, err := (&net.Resolver{PreferGo: true}).LookupNetIP(ctx, "ip", name)
	for i, address := range addresses {
		addresses[i] = address.Unmap() // IPv4 comes as IPv6
	}
	return addresses, err
}

// resolver serves resolutions: 200 with addresses, 502 with the reason why there are none.
type resolver struct {
	lookup func(ctx context.Context, name string) ([]netip.Addr, error)
}

func (r resolver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	name := request.URL.Query().Get("name")
	if name == "" {
		reply(w, http.StatusBadRequest, Resolution{Error: "say which name: /resolve?name=NAME"})
		return
	}
	ctx, cancel := context.WithTimeoutCause(request.Context(), resolveLimit, fmt.Errorf("no answer within %v", resolveLimit))
	defer cancel()
	addresses, err := r.lookup(ctx, name)
	if err == nil {
		reply(w, http.StatusOK, Resolution{Name: name, Addresses: addresses})
		return
	}
	// Of a resolver that kept silent, the error tells about sockets.
	if cause := context.Cause(ctx); cause != nil {
		err = fmt.Errorf("lookup %s: %w", name, cause)
	}
	reply(w, http.StatusBadGateway, Resolution{Name: name, Error: err.Error()})
}
