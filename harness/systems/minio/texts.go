package minio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
)

// PeerTexts are the addresses at which each node looks for all nodes and their drives, by "peers of store-1", for a search
// for old addresses. They are what the running nodes have in mind: a list that was corrected and not read again does not show
// elsewhere.
func (s Store) PeerTexts() drift.MentionSource { return texts{s} }

// PoolTexts are what can be read of the copies of the list that the drives keep, by "pool of store-1". The drive is the
// folder that MinIO was given. Such a copy is compared with the list at a start and used for nothing else; it is spread over
// the drives like every object, so that not every address is on every drive, and a drive that missed a change keeps the copy
// from before.
func PoolTexts(drive string) drift.MentionSource { return poolTexts(drive) }

type poolTexts string

func (t poolTexts) Name() string { return "minio" }

func (t poolTexts) Texts(ctx context.Context, observer harness.Observer) (map[string]string, error) {
	nodes, err := members(observer)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, node := range nodes {
		content, err := observer.ReadFile(ctx, node.Name, string(t)+"/.minio.sys/pool.bin/xl.meta")
		switch {
		case errors.Is(err, fs.ErrNotExist): // a drive that has not taken part since the store was made
		case err != nil:
			return nil, fmt.Errorf("read the copy of the list on %s: %w", node.Name, err)
		default:
			found["pool of "+node.Name] = readable(content)
		}
	}
	return found, nil
}

// readable has a line for each run of printable characters.
func readable(content []byte) string {
	return string(bytes.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '\n'
		}
		return r
	}, content))
}

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
