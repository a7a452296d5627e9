//go:build linux

package outages

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// A target is a server that can be cut off and brought back. Both return when the change has happened.
// One that has to wait for the change says again and again that it has not happened yet.
type target interface {
	cut(notYet notYet) error
	restore(notYet notYet) error
	close() error
}

// notYet is told a moment at which the change had certainly not happened.
type notYet func(protocol.Instant)

// makers are the kinds of targets by name.
var makers = map[string]func(ctx context.Context, address string) (target, error){
	"http-status":  func(ctx context.Context, at string) (target, error) { return startHTTP(ctx, at, byStatus) },
	"http-refused": func(ctx context.Context, at string) (target, error) { return startHTTP(ctx, at, byRefusal) },
	"http-silent":  func(ctx context.Context, at string) (target, error) { return startHTTP(ctx, at, bySilence) },
	"tcp-refused":  func(ctx context.Context, at string) (target, error) { return startTCP(ctx, at, byRefusal) },
	"tcp-silent":   func(ctx context.Context, at string) (target, error) { return startTCP(ctx, at, bySilence) },
	"dns-servfail": func(ctx context.Context, at string) (target, error) { return startDNS(ctx, at, byStatus) },
	"dns-silent":   func(ctx context.Context, at string) (target, error) { return startDNS(ctx, at, bySilence) },
	"echo": func(_ context.Context, at string) (target, error) {
		prefix, err := netip.ParsePrefix(at)
		if err != nil {
			return nil, err
		}
		return startEcho(prefix)
	},
}

// A way is how a server is away.
type way int

const (
	byStatus  way = iota // it answers that it cannot
	byRefusal            // nobody listens: the kernel refuses
	bySilence            // the kernel drops what arrives, unanswered
)

// A named target as it was described.
type named struct {
	name string
	target
}

// open starts what a description such as "a-site=http-refused@[::]:8002" says.
func open(ctx context.Context, description string) (named, error) {
	name, rest, ok := strings.Cut(description, "=")
	kind, address, at := strings.Cut(rest, "@")
	if !ok || !at || name == "" {
		return named{}, fmt.Errorf("the service %q is not described as NAME=KIND@ADDRESS", description)
	}
	make, known := makers[kind]
	if !known {
		return named{}, fmt.Errorf("the service %q is of the unknown kind %q", name, kind)
	}
	made, err := make(ctx, address)
	if err != nil {
		return named{}, fmt.Errorf("start the service %q: %w", name, err)
	}
	return named{name, made}, nil
}
