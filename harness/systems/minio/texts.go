package minio

import (
	"context"
	"strings"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
)

// PeerTexts are the addresses at which each node looks for all nodes and their drives, by "peers of store-1", for a search
// for old addresses. They are what the running nodes have in mind: a list that was corrected and not read again does not show
// elsewhere.
func (s Store) PeerTexts() drift.MentionSource { return texts{s} }

type texts struct{ store Store }

func (t texts) Name() string { return "minio" }

func (t texts) Texts(ctx context.Context, observer harness.Observer) (map[string]string, error) {
	nodes, err := members(observer)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, node := range nodes {
		seen, err := t.store.view(ctx, observer, node.Name)
		if err != nil {
			return nil, err
		}
		var lines []string
		for _, server := range seen.Servers {
			lines = append(lines, server.Endpoint)
			for _, drive := range server.Drives {
				lines = append(lines, drive.Endpoint)
			}
		}
		found["peers of "+node.Name] = strings.Join(lines, "\n")
	}
	return found, nil
}
