package drift

import (
	"bytes"
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

// A MentionSource has texts besides the nodes' own files, processes and sockets: a product's.
type MentionSource interface {
	// Name says what the texts are, such as "consul kv".
	Name() string
	// Texts are all of them by what a person would look for, such as a key. An error makes the search
	// incomplete, which the drill notes as a finding.
	Texts(ctx context.Context, observer harness.Observer) (map[string]string, error)
}

// Folders have their text files searched on every node of the role; "" means every node that runs a
// system. Binary files are passed over, and texts above 1 MiB too, which the record says: /etc and /usr/local, and the
// folders of the topology's own files, need not be named.
func Folders(role string, paths ...string) MentionSource { return folders{role: role, paths: paths} }

// FoldersFor are the folders that a source made by [Folders] names for the nodes of a role; other sources name none.
func FoldersFor(source MentionSource, role string) []string {
	named, ok := source.(folders)
	if !ok || named.role != "" && named.role != role {
		return nil
	}
	return named.paths
}

type folders struct {
	role  string
	paths []string
}

func (f folders) Name() string { return "files" }

// Texts are none: the nodes search them on the spot.
func (f folders) Texts(context.Context, harness.Observer) (map[string]string, error) { return nil, nil }

// mentionTextLimit bounds the text of a mention.
const mentionTextLimit = 200

// FindMentions finds every line of a text that names one of the addresses, as a whole address in any
// spelling: fd00::1 is not found in fd00::11, and is found in FD00:0::1. A line that names an address
// twice is one mention. Where and Key are the caller's to fill in.
func FindMentions(text []byte, addresses map[netip.Addr]bool) []harness.Mention {
	var mentions []harness.Mention
	for number := 1; len(text) > 0; number++ {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		text = rest
		for _, address := range addressesIn(line, addresses) {
			mentions = append(mentions, harness.Mention{Line: number, Text: clipped(line), Address: address})
		}
	}
	return mentions
}

// addressesIn are those of the addresses that a line names, each once.
func addressesIn(line []byte, addresses map[netip.Addr]bool) []netip.Addr {
	var found []netip.Addr
	eachWord(line, func(word []byte, isWord bool) {
		if !isWord || len(word) < len("::1") || bytes.IndexByte(word, ':') < 0 && bytes.IndexByte(word, '.') < 0 {
			return
		}
		address, _, ok := splitWord(string(word))
		if address = address.Unmap(); ok && addresses[address] && !slices.Contains(found, address) {
			found = append(found, address)
		}
	})
	return found
}

// clipped is a line for people: without the space around it, and not longer than a report bears.
func clipped(line []byte) string {
	return words.Clip(strings.ToValidUTF8(strings.TrimSpace(string(line)), "?"), mentionTextLimit)
}

// SortMentions puts mentions into the order of a report: by node, place, line.
func SortMentions(mentions []harness.Mention) {
	slices.SortStableFunc(mentions, func(a, b harness.Mention) int {
		return cmp.Or(strings.Compare(a.Node, b.Node), strings.Compare(a.Where, b.Where), strings.Compare(a.Key, b.Key),
			cmp.Compare(a.Line, b.Line), a.Address.Compare(b.Address), strings.Compare(a.Text, b.Text))
	})
}
