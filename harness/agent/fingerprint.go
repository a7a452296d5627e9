package agent

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// Fingerprint says what the node looks like now. Its supervisor reads what the system has, its agent
// what the network has, both at once. A path that cannot be read is an error that names it and the node.
func (c *Client) Fingerprint(ctx context.Context, paths ...string) (harness.Fingerprint, error) {
	began := time.Now()
	var halves [2]protocol.Traits
	var problems [2]error
	var group sync.WaitGroup
	group.Go(func() {
		problems[0] = c.callSystem(ctx, "take the fingerprint of", protocol.PathFingerprint, protocol.Inspection{Paths: paths},
			&halves[0])
	})
	group.Go(func() {
		problems[1] = c.call(ctx, "take the fingerprint of the network of", protocol.PathTraits, protocol.Nothing{}, &halves[1])
	})
	group.Wait()
	if err := harness.JoinErrors(problems[:]...); err != nil {
		return harness.Fingerprint{}, err
	}
	return harness.Fingerprint{
		Node: c.node, Taken: began.Round(0).UTC(), Paths: slices.Clone(paths),
		Wall: time.Since(began), CPU: halves[0].CPU + halves[1].CPU,
		Traits: harness.SortTraits(append(halves[0].Traits, halves[1].Traits...)),
	}, nil
}

// Mentions lists what names one of the addresses on the node: text files below /etc, /usr/local and the
// paths, arguments and environments of processes, sockets in any state. With what was found comes an error when
// something was not searched.
func (c *Client) Mentions(ctx context.Context, addresses []netip.Addr, paths ...string) ([]harness.Mention, error) {
	var found protocol.Mentions
	err := c.callSystem(ctx, "search for old addresses on", protocol.PathMentions,
		protocol.Inspection{Paths: paths, Addresses: addresses}, &found)
	for i := range found.Mentions {
		found.Mentions[i].Node = c.node
	}
	if err == nil && len(found.Incomplete) > 0 {
		err = fmt.Errorf("search for old addresses on %s: %s", c.node, strings.Join(found.Incomplete, "; "))
	}
	return found.Mentions, err
}
