package labtest

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
)

// Fingerprint implements harness.Observer: the node's files, and its addresses.
func (r *Lab) Fingerprint(_ context.Context, node string, paths ...string) (harness.Fingerprint, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if _, known := r.states[node]; !known {
		return harness.Fingerprint{}, fmt.Errorf("take the fingerprint of %s: %w", node, r.topology.UnknownNode(node))
	}
	taken := harness.Fingerprint{Node: node, Taken: time.Now(), Paths: slices.Clone(paths)}
	for path, content := range r.files[node] {
		if below(path, append(harness.DefaultPaths(), paths...)) {
			taken.Traits = append(taken.Traits, harness.Trait{Kind: harness.KindFile, Key: path, Value: string(content)})
		}
	}
	for _, address := range []netip.Addr{r.addresses[node].IPv6, r.addresses[node].IPv4} {
		if address.IsValid() {
			taken.Traits = append(taken.Traits, harness.Trait{Kind: harness.KindAddress, Key: address.String(), Value: "given"})
		}
	}
	taken.Traits = harness.SortTraits(taken.Traits)
	return taken, nil
}

// Mentions implements harness.Observer: in the node's files.
func (r *Lab) Mentions(_ context.Context, node string, addresses []netip.Addr, paths ...string) ([]harness.Mention, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	wanted := map[netip.Addr]bool{}
	for _, address := range addresses {
		wanted[address] = true
	}
	var mentions []harness.Mention
	for path, content := range r.files[node] {
		if !below(path, append(harness.DefaultPaths(), paths...)) {
			continue
		}
		for _, mention := range drift.FindMentions(content, wanted) {
			mention.Node, mention.Where, mention.Key = node, harness.WhereFile, path
			mentions = append(mentions, mention)
		}
	}
	drift.SortMentions(mentions)
	return mentions, nil
}

// below tells whether a file is one of the paths, or in one.
func below(file string, paths []string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		return file == path || strings.HasPrefix(file, strings.TrimSuffix(path, "/")+"/")
	})
}
