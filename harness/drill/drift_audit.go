package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

// recordedDifferences is how many differences of a kind a record keeps of a node, and how many
// mentions in all: more than a person reads, and little enough for records to stay small.
const recordedDifferences = 200

// recordedText is how much of a value a record keeps.
const recordedText = 300

// An audit is what a drill knows of how its nodes differ after the recovery from before the fault.
type audit struct {
	paths    []string // besides the default ones
	planned  []drift.Planned
	sources  []drift.MentionSource
	before   map[string]harness.Fingerprint
	after    map[string]harness.Fingerprint
	moved    drift.AddressBook // from the addresses of peace to those of after the recovery
	mentions []harness.Mention
	noted    bool
}

// Expect plans differences between the nodes after the recovery and before the fault, and mentions of old
// addresses (KindMention), which are then reported with the reason and not as surprises. It may be called
// at any time before Judge, several times. A plan that makes no sense is an error, and none of the call counts.
func (d *Drill) Expect(planned ...drift.Planned) (err error) {
	defer redactError(&err)
	if err := drift.ValidatePlanned(planned); err != nil {
		return fmt.Errorf("expect differences: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.judged {
		return fmt.Errorf("expect differences: %w: %s", harness.ErrOrder, d.state)
	}
	d.audit.planned = append(d.audit.planned, planned...)
	return nil
}

// AlsoFingerprint adds paths to those of the fingerprints that the drill takes of every node. It comes before Inject.
func (d *Drill) AlsoFingerprint(paths ...string) (err error) {
	defer redactError(&err)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.audit.before != nil {
		return fmt.Errorf("fingerprint further paths: %w: %s", harness.ErrOrder, d.state)
	}
	d.audit.paths = append(d.audit.paths, paths...)
	return nil
}

// AlsoSearch adds products' texts to what is searched for old addresses after the recovery from a fault
// that changed addresses. It comes before AwaitRecovery.
func (d *Drill) AlsoSearch(sources ...drift.MentionSource) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.audit.sources = append(d.audit.sources, sources...)
}

// auditBefore takes the fingerprints of peace. t0 is stamped only when all of them are done.
func (d *Drill) auditBefore(ctx context.Context) {
	taken := d.fingerprints(ctx, "before the fault", nil)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.audit.before = taken
}

// auditAfter takes the fingerprints of after the recovery, and looks for old addresses where there are any.
func (d *Drill) auditAfter(ctx context.Context) {
	d.mu.Lock()
	before := maps.Clone(d.audit.before)
	d.mu.Unlock()
	taken := d.fingerprints(ctx, "after the recovery", before)
	book, err := drift.PresentAddresses(d.lab)
	if err != nil {
		d.Finding("nobody knows which addresses are old: " + err.Error())
		book = nil
	}
	d.mu.Lock()
	d.audit.after, d.audit.moved = taken, book
	d.mu.Unlock()
	if old := book.Old(); len(old) > 0 {
		d.searchMentions(ctx, old)
	}
}

// examinedAtOnce is how many nodes are read at the same time. Each takes a processor for a tenth of a second or more: with
// fifteen at once on two processors nobody else was served for two seconds, and probes took that for an outage.
const examinedAtOnce = 4

// fingerprints takes those of all nodes that run a system. A node of which none can be had is
// a finding: the drill measures something else. A node that differs from an earlier look is looked at twice.
func (d *Drill) fingerprints(
	ctx context.Context, when string, earlier map[string]harness.Fingerprint,
) map[string]harness.Fingerprint {
	ctx, cancel := context.WithTimeoutCause(ctx, auditLimit, fmt.Errorf("not within %v", auditLimit))
	defer cancel()
	d.mu.Lock()
	paths := slices.Clone(d.audit.paths)
	d.mu.Unlock()
	taken := map[string]harness.Fingerprint{}
	var mu sync.Mutex
	began := d.now()
	var group errgroup.Group
	group.SetLimit(examinedAtOnce)
	for _, node := range d.lab.Topology().Selected("") {
		group.Go(func() error {
			fingerprint, err := d.fingerprint(ctx, node.Name, paths, earlier)
			if err != nil {
				d.Finding(fmt.Sprintf("no fingerprint of %s %s: %s", node.Name, when, oneSentence(err)))
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			taken[node.Name] = fingerprint
			return nil
		})
	}
	_ = group.Wait() // who failed has said so
	d.note(fmt.Sprintf("fingerprints of %s taken %s, in %v", words.Counted(len(taken), "node"), when, words.Figure(d.now()-began)))
	return taken
}

// fingerprint takes that of one node, twice where it differs from an earlier one.
func (d *Drill) fingerprint(
	ctx context.Context, node string, paths []string, earlier map[string]harness.Fingerprint,
) (harness.Fingerprint, error) {
	taken, err := d.lab.Fingerprint(ctx, node, paths...)
	if before, known := earlier[node]; known && err == nil && len(drift.Compare(before, taken)) > 0 {
		var again harness.Fingerprint
		again, err = d.lab.Fingerprint(ctx, node, paths...)
		taken = settled(before, taken, again)
	}
	if err != nil && ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	return taken, err
}

// settled is the second of two looks without what differs from an earlier one only in it: a process on its way
// out, or a file that a listing has left out, which file systems of container engines do at times.
func settled(before, first, second harness.Fingerprint) harness.Fingerprint {
	type place struct {
		kind harness.Kind
		key  string
	}
	confirmed := map[place]bool{}
	for _, difference := range drift.Compare(before, first) {
		confirmed[place{difference.Kind, difference.Key}] = true
	}
	doubtful := map[place]bool{}
	for _, difference := range drift.Compare(before, second) {
		if at := (place{difference.Kind, difference.Key}); !confirmed[at] {
			doubtful[at] = true
		}
	}
	is := func(trait harness.Trait) bool { return doubtful[place{trait.Kind, trait.Key}] }
	second.Traits = slices.DeleteFunc(slices.Clone(second.Traits), is)
	for _, trait := range before.Traits {
		if is(trait) {
			second.Traits = append(second.Traits, trait)
		}
	}
	slices.SortFunc(second.Traits, func(a, b harness.Trait) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.Key, b.Key))
	})
	return second
}

// oneSentence is an error on one line.
func oneSentence(err error) string { return strings.ReplaceAll(err.Error(), "\n", ": ") }

// searchMentions looks for old addresses on every node and in the products' texts.
func (d *Drill) searchMentions(ctx context.Context, old []netip.Addr) {
	ctx, cancel := context.WithTimeout(ctx, auditLimit)
	defer cancel()
	d.mu.Lock()
	sources := slices.Clone(d.audit.sources)
	d.mu.Unlock()
	var mu sync.Mutex
	var found []harness.Mention
	add := func(mentions []harness.Mention, err error) error {
		if err != nil {
			d.Finding("the search for old addresses is incomplete: " + oneSentence(err))
		}
		mu.Lock()
		defer mu.Unlock()
		found = append(found, mentions...)
		return nil
	}
	var group errgroup.Group
	group.SetLimit(examinedAtOnce)
	for _, node := range d.lab.Topology().Selected("") {
		group.Go(func() error { return add(d.lab.Mentions(ctx, node.Name, old, searched(node, sources)...)) })
	}
	for _, source := range sources {
		group.Go(func() error { return add(mentionsIn(ctx, d.lab, source, old)) })
	}
	_ = group.Wait() // what failed is a finding
	drift.SortMentions(found)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.audit.mentions = found
}

// searched are the folders of a node that are searched besides the default ones: those of the files that
// the topology gives it, and those that were asked for.
func searched(node harness.Node, sources []drift.MentionSource) []string {
	var paths []string
	for _, file := range node.System.Files {
		folder := path.Dir(file.Path)
		if folder == "/" {
			folder = file.Path
		}
		paths = append(paths, folder)
	}
	for _, source := range sources {
		paths = append(paths, drift.FoldersFor(source, node.Role)...)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// mentionsIn searches the texts of a product.
func mentionsIn(
	ctx context.Context,
	observer harness.Observer,
	source drift.MentionSource,
	old []netip.Addr,
) ([]harness.Mention, error) {
	texts, err := source.Texts(ctx, observer)
	if err != nil {
		err = fmt.Errorf("%s: %w", source.Name(), err)
	}
	wanted := map[netip.Addr]bool{}
	for _, address := range old {
		wanted[address.Unmap()] = true
	}
	var mentions []harness.Mention
	for key, text := range texts {
		for _, mention := range drift.FindMentions([]byte(text), wanted) {
			mention.Where, mention.Key = source.Name(), key
			mentions = append(mentions, mention)
		}
	}
	return mentions, err
}
