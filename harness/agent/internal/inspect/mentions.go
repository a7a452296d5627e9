//go:build linux

package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
)

const (
	// longestText is the size above which a text is passed over, and said to be: no person has written it.
	longestText = 1 << 20
	// textBegins is how much of a file is looked at first: most files that are no text show it there.
	textBegins = 4 << 10
	// mostMentions bounds an answer: who finds that many has found enough.
	mostMentions = 5000
)

// Mentions finds what names one of the addresses. The harness's own processes count for nothing. Incomplete says in a
// sentence each what was not searched or is not told.
func (i *Inspector) Mentions(
	ctx context.Context, request Request, addresses []netip.Addr,
) (mentions []harness.Mention, incomplete []string, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	wanted := map[netip.Addr]bool{}
	for _, address := range addresses {
		wanted[address.Unmap()] = true
	}
	err = withLowPriority(func() error {
		look, err := i.look(request)
		if err != nil {
			return err
		}
		defer func() { incomplete = look.incomplete() }()
		for _, search := range []func(context.Context, map[netip.Addr]bool) ([]harness.Mention, error){
			look.mentionsInFiles, look.mentionsInProcesses, look.mentionsInSockets,
		} {
			found, err := search(ctx, wanted)
			if err != nil {
				return err
			}
			mentions = append(mentions, found...)
		}
		return nil
	})
	drift.SortMentions(mentions)
	if more := len(mentions) - mostMentions; more > 0 {
		mentions, incomplete = mentions[:mostMentions],
			append(incomplete, fmt.Sprintf("%d more mentions were found and are not told", more))
	}
	return mentions, incomplete, err
}

// incomplete says which texts were passed over.
func (l *look) incomplete() []string {
	if len(l.passedOver) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d of the texts are longer than 1 MiB and were not searched, such as %s", len(l.passedOver),
		l.passedOver[0])}
}

// mentionsInFiles searches the text files below the paths. A path below another one is searched once.
func (l *look) mentionsInFiles(ctx context.Context, wanted map[netip.Addr]bool) ([]harness.Mention, error) {
	var mentions []harness.Mention
	seen := map[string]bool{}
	for _, top := range append(harness.DefaultPaths(), l.request.Paths...) {
		err := l.walk(ctx, path.Clean(top), func(place string, info fs.FileInfo) error {
			if seen[place] || !info.Mode().IsRegular() {
				return nil
			}
			seen[place] = true
			content, err := l.text(place)
			if err != nil {
				return err
			}
			mentions = append(mentions, filled(drift.FindMentions(content, wanted), harness.WhereFile, place)...)
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return mentions, nil
}

// text reads a file; of one that is no text it returns nothing, and of one that is too long neither.
func (l *look) text(place string) ([]byte, error) {
	file, err := os.OpenFile(l.at(place), os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, l.named(place, err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, textBegins))
	if err != nil {
		return nil, l.named(place, err)
	}
	if bytes.IndexByte(content, 0) >= 0 {
		return nil, nil
	}
	rest, err := io.ReadAll(io.LimitReader(file, longestText+1-int64(len(content))))
	if err != nil {
		return nil, l.named(place, err)
	}
	content = append(content, rest...)
	switch {
	case bytes.IndexByte(content, 0) >= 0:
		return nil, nil
	case len(content) > longestText:
		l.passedOver = append(l.passedOver, place)
		return nil, nil
	}
	return content, nil
}

func filled(mentions []harness.Mention, where, key string) []harness.Mention {
	for i := range mentions {
		mentions[i].Where, mentions[i].Key = where, key
	}
	return mentions
}

// mentionsInProcesses searches arguments and environments. An environment that cannot be looked at is passed over.
func (l *look) mentionsInProcesses(ctx context.Context, wanted map[netip.Addr]bool) ([]harness.Mention, error) {
	all, err := l.allProcesses(ctx)
	if err != nil {
		return nil, err
	}
	var mentions []harness.Mention
	for _, one := range all.list {
		if l.spared(one) || all.commands[one.session] || len(one.arguments) == 0 {
			continue
		}
		key := l.userOf(one) + " " + one.name
		for _, mention := range drift.FindMentions([]byte(strings.Join(one.arguments, " ")), wanted) {
			mention.Line = 0
			mentions = append(mentions, filled([]harness.Mention{mention}, harness.WhereProcess, key)...)
		}
		var environment []byte
		l.asUser(one, func() {
			environment, _ = os.ReadFile(filepath.Join(l.at(fmt.Sprintf("/proc/%d", one.pid)), "environ"))
		})
		for _, mention := range drift.FindMentions(bytes.ReplaceAll(environment, []byte{0}, []byte("\n")), wanted) {
			mention.Line = 0
			mentions = append(mentions, filled([]harness.Mention{mention}, harness.WhereEnvironment, key)...)
		}
	}
	return mentions, nil
}

// states are what the kernel's tables call the states of a socket.
var states = map[string]string{
	"01": "established", "02": "connecting", "03": "being accepted", "04": "closing", "05": "closing", "06": "closed a minute ago",
	"07": "open",
	"08": "closed by the other end", "09": "closing", "0A": "listening", "0B": "closing", "0C": "being accepted",
}

// mentionsInSockets finds sockets that have one of the addresses at either end, in any state. Those between
// the same two places are one mention: a busy client leaves hundreds.
func (l *look) mentionsInSockets(_ context.Context, wanted map[netip.Addr]bool) ([]harness.Mention, error) {
	all, err := l.allSockets()
	if err != nil {
		return nil, err
	}
	counts := map[harness.Mention]int{}
	for _, one := range all {
		address := one.local.Addr()
		if !wanted[address] {
			address = one.remote.Addr()
		}
		if wanted[address] {
			counts[harness.Mention{
				Where: harness.WhereSocket, Key: one.protocol + " " + states[one.state], Text: one.between(),
				Address: address,
			}]++
		}
	}
	var mentions []harness.Mention
	for mention, count := range counts {
		if count > 1 {
			mention.Text += fmt.Sprintf(", %d times", count)
		}
		mentions = append(mentions, mention)
	}
	return mentions, nil
}

// lowestClient is the lowest port that kernels choose for clients, also those of labs.
const lowestClient = 10_000

// between writes both ends of a socket, without the port of the client, which the kernel has chosen: the higher one.
func (s socket) between() string {
	local, remote := s.local.String(), s.remote.String()
	switch {
	case s.local.Port() >= lowestClient && s.local.Port() > s.remote.Port():
		local = s.local.Addr().String()
	case s.remote.Port() >= lowestClient:
		remote = s.remote.Addr().String()
	}
	return local + " to " + remote
}
