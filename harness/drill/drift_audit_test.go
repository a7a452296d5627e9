package drill

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

func trait(kind harness.Kind, key, value string) harness.Trait {
	return harness.Trait{Kind: kind, Key: key, Value: value}
}

func fingerprinted(node string, traits ...harness.Trait) harness.Fingerprint {
	return harness.Fingerprint{Node: node, Traits: harness.SortTraits(traits)}
}

// planted is a cluster whose nodes look different after the first look at them.
func planted(drill *fakeDrill, before, after map[string]harness.Fingerprint) {
	looks := map[string]int{}
	drill.cluster.look = func(_ context.Context, node string) (harness.Fingerprint, error) {
		drill.cluster.mu.Lock()
		defer drill.cluster.mu.Unlock()
		looks[node]++
		shown := before[node]
		if looks[node] > 1 {
			shown = after[node]
		}
		if shown.Node == "" {
			return harness.Fingerprint{}, fmt.Errorf("%s: %w", node, harness.ErrOff)
		}
		return shown, nil
	}
}

// Goal: every drill says in its record how its nodes differ after the recovery, with what was planned apart,
// and what it could not see; the verdict is the same. Method: a drill in which a file and a user changed
// on one node, and of which the other had no power the second time.
func TestDrillTellsOfDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		was := fingerprinted("nomad-1", trait(harness.KindFile, "/etc/ssh/ssh_host_key", "1"), trait(harness.KindFile, "/etc/a", "1"))
		is := fingerprinted("nomad-1", trait(harness.KindFile, "/etc/ssh/ssh_host_key", "2"), trait(harness.KindFile, "/etc/a", "1"),
			trait(harness.KindUser, "guest", "9"))
		was.Wall, is.Wall, was.CPU, is.CPU = 3, 2, 1, 4
		planted(drill, map[string]harness.Fingerprint{"nomad-1": was, "nomad-2": fingerprinted("nomad-2")},
			map[string]harness.Fingerprint{"nomad-1": is})
		testkit.Must(t, drill.Expect(drift.Planned{Kind: harness.KindFile, Key: "/etc/ssh/*", Because: "new keys"}))
		testkit.Expect(t, drill.Expect(drift.Planned{Key: "/etc/a"}), "Because is empty")
		drill.toDetection(t)
		if err := drill.AlsoFingerprint("/srv"); !errors.Is(err, harness.ErrOrder) {
			t.Errorf("paths after the fault: %v", err)
		}
		testkit.Must(t, drill.finishBy(t, time.Second))
		if err := drill.Expect(drift.Planned{Key: "**", Because: "too late"}); !errors.Is(err, harness.ErrOrder) {
			t.Errorf("a plan after the judgement: %v", err)
		}
		record := drill.Record()
		want := harness.RecordDrift{
			Node: "nomad-1", Traits: 3, Took: 3, CPU: 4,
			Explained: []harness.RecordDifference{
				{Kind: harness.KindFile, Key: "/etc/ssh/ssh_host_key", Before: "1", After: "2", Because: "new keys"},
			},
			Unexplained: []harness.RecordDifference{{Kind: harness.KindUser, Key: "guest", After: "9"}},
		}
		if len(record.Drift) != 1 || fmt.Sprint(record.Drift[0]) != fmt.Sprint(want) {
			t.Errorf("the drift is %+v, want %+v", record.Drift, want)
		}
		findings := strings.Join(record.Findings, "\n")
		for _, part := range []string{
			"nomad-1 differs from before the fault by 1 thing that nobody planned",
			"no fingerprint of nomad-2 after the recovery: nomad-2: the node has lost its power, and nothing runs on it until it is " +
				"switched on", // which is no advice: whoever left it off may have meant to
		} {
			if !strings.Contains(findings, part) {
				t.Errorf("%q is not among the findings:\n%s", part, findings)
			}
		}
		if record.Judgement.Verdict != harness.Met || len(record.Doubts) > 0 {
			t.Errorf("the verdict is %s, the doubts %q", record.Judgement.Verdict, record.Doubts)
		}
	})
}

// Goal: a node that does not answer costs the drill no more than the limit, before t0 is stamped and after
// the recovery, and no more than a finding. Method: a node that never answers; compare t0 with the call.
func TestDrillDoesNotWaitForFingerprints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.cluster.look = func(ctx context.Context, node string) (harness.Fingerprint, error) {
			if node == "nomad-1" {
				<-ctx.Done()
				return harness.Fingerprint{}, ctx.Err()
			}
			return fingerprinted(node), nil
		}
		drill.toDetection(t)
		testkit.Must(t, drill.finishBy(t, time.Second))
		record := drill.Record()
		if len(record.Drift) != 1 || record.Drift[0].Node != "nomad-2" || !strings.Contains(strings.Join(record.Findings, "\n"),
			"no fingerprint of nomad-1 before the fault: not within 20s") {
			t.Errorf("the drift is %+v, the findings %q", record.Drift, record.Findings)
		}
		testkit.Between(t, "t0", record.Fault.At, auditLimit, auditLimit+10*time.Second)
		testkit.Between(t, "RTA", record.Judgement.RTA, time.Second, 3*time.Second)
		if record.Judgement.Verdict != harness.Met {
			t.Errorf("the verdict is %s", record.Judgement.Verdict)
		}
	})
}

// Goal: a record stays small, and counts what it leaves out. Method: more differences and mentions than are kept.
func TestAuditIsCapped(t *testing.T) {
	after := fingerprinted("a")
	var mentions []harness.Mention
	for i := range recordedDifferences + 7 {
		after.Traits = append(after.Traits, trait(harness.KindFile, fmt.Sprintf("/etc/%04d", i), strings.Repeat("x", 2*recordedText)))
		mentions = append(
			mentions,
			harness.Mention{Where: harness.WhereFile, Key: fmt.Sprint(i), Address: netip.MustParseAddr("fd00::1")},
		)
	}
	kept := audit{
		before:   map[string]harness.Fingerprint{"a": {}},
		after:    map[string]harness.Fingerprint{"a": after},
		mentions: mentions,
	}
	drift := kept.drift()[0]
	if len(drift.Unexplained) != recordedDifferences || drift.UnexplainedMore != 7 ||
		len(drift.Unexplained[0].After) > recordedText+len("...") {
		t.Errorf("%d differences are kept of %d bytes, %d more", len(drift.Unexplained), len(drift.Unexplained[0].After),
			drift.UnexplainedMore)
	}
	if listed, more := kept.recordMentions(harness.Topology{}); len(listed) != recordedDifferences || more != 7 {
		t.Errorf("%d mentions are kept, %d more", len(listed), more)
	}
}

// movedCluster is a fake cluster whose nodes have other addresses since the fault.
type movedCluster struct{ *fakeCluster }

func (c movedCluster) Addresses(node string) (harness.Addresses, error) {
	peace, _ := c.Topology().Node(node)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down["moved"] == nil {
		return harness.Addresses{IPv6: peace.IPv6, IPv4: peace.IPv4}, nil
	}
	host := peace.IPv6.As16()
	return harness.Addresses{IPv6: netip.MustParseAddr(fmt.Sprintf("fd00:d2::%x", host[15])), IPv4: peace.IPv4}, nil
}

// Goal: a line of /etc/hosts that the lab has written is expected where it is stale, with a reason; a scenario's own reason comes
// first, and what only looks like such a line is forgotten: other names, other addresses, other places, a file of the topology's
// own. Method: lines of each kind.
func TestStaleHostLinesArePlanned(t *testing.T) {
	address := netip.MustParseAddr
	topology := harness.Topology{Networks: []harness.Network{{Name: "lan"}}, Nodes: []harness.Node{
		{Name: "a", IPv6: address("fd00::1"), IPv4: address("10.0.0.1")},
		{Name: "b", IPv6: address("fd00::2"), IPv4: address("10.0.0.2")},
		{Name: "own", IPv6: address("fd00::3"), IPv4: address("10.0.0.3"), System: harness.System{Files: []harness.File{
			{Path: harness.HostsFile},
		}}},
	}}
	hosts := func(node, text string) harness.Mention {
		return harness.Mention{
			Node: node, Where: harness.WhereFile, Key: harness.HostsFile, Text: text, Address: address(strings.Fields(text)[0]),
		}
	}
	elsewhere := hosts("a", "fd00::2 b")
	elsewhere.Key = "/etc/peers"
	product := hosts("a", "fd00::2 b")
	product.Where = "consul kv"
	for _, test := range []struct {
		mention harness.Mention
		planned []drift.Planned
		because string
	}{
		{hosts("a", "fd00::2\tb"), nil, becauseNamed},
		{hosts("a", "10.0.0.1 a"), nil, becauseNamed},
		{
			hosts("a", "10.0.0.2 b"),
			[]drift.Planned{{Kind: harness.KindMention, Key: "file /etc/hosts", Because: "nobody asks it"}},
			"nobody asks it",
		},
		{hosts("a", "fd00::2 b db"), nil, ""},
		{hosts("a", "fd00::2 a"), nil, ""},
		{hosts("own", "fd00::2 b"), nil, ""},
		{elsewhere, nil, ""},
		{product, nil, ""},
	} {
		kept := audit{mentions: []harness.Mention{test.mention}, planned: test.planned}
		if listed, _ := kept.recordMentions(topology); len(listed) != 1 || listed[0].Because != test.because {
			t.Errorf("%+v is listed as %+v, want the reason %q", test.mention, listed, test.because)
		}
	}
}

// A fakeSource is a product's texts.
type fakeSource struct {
	texts map[string]string
	err   error
}

func (fakeSource) Name() string { return "consul kv" }

func (s fakeSource) Texts(context.Context, harness.Observer) (map[string]string, error) {
	return s.texts, s.err
}

// Goal: after a fault that changed addresses the record lists what names an old one, on the nodes and in the
// products, what was expected with the reason; what follows from the new addresses is no surprise, and a
// source that fails is a finding. Method: two nodes that move, texts that name their old and present addresses.
func TestDrillListsOldAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.lab = movedCluster{drill.cluster}
		drill.fault.breaks = append(drill.fault.breaks, "moved")
		before := fingerprinted("nomad-1", trait(harness.KindAddress, "eth0 fd00:d1::11/64", "assigned"),
			trait(harness.KindProcess, "root app --bind=fd00:d1::11", "1"), trait(harness.KindFile, "/etc/a", "1"))
		after := fingerprinted("nomad-1", trait(harness.KindAddress, "eth0 fd00:d2::11/64", "assigned"),
			trait(harness.KindProcess, "root app --bind=fd00:d2::11", "1"), trait(harness.KindFile, "/etc/a", "2"))
		planted(drill, map[string]harness.Fingerprint{"nomad-1": before}, map[string]harness.Fingerprint{"nomad-1": after})
		var searched [][]string
		drill.cluster.search = func(node string, old []netip.Addr, paths []string) ([]harness.Mention, error) {
			searched = append(searched, paths)
			if len(old) != 2 || old[0].String() != "fd00:d1::11" {
				t.Errorf("the old addresses are %v", old)
			}
			return []harness.Mention{{Node: node, Where: harness.WhereFile, Key: "/etc/peers", Line: 2, Text: "x", Address: old[0]}}, nil
		}
		drill.AlsoSearch(
			fakeSource{texts: map[string]string{"app/peer": "fd00:d1::12", "app/next": "fd00:d2::12"}},
			fakeSource{err: errors.New("no leader")},
			drift.Folders("nomad-server", "/var/lib/nomad"), drift.Folders("consul-server", "/var/lib/consul"),
		)
		drill.toDetection(t)
		testkit.Must(t, drill.Repair(t.Context(), fakeRunbook{{Name: "restart", Do: func(context.Context, harness.Operator) error {
			drill.cluster.heal("quorum", "service")
			return nil
		}}}))
		testkit.Must(t, drill.AwaitRecovery(t.Context(), drill.steady))
		testkit.Must(
			t,
			drill.Expect(drift.Planned{Node: "nomad-2", Kind: harness.KindMention, Key: "file /etc/peers", Because: "nobody reads it"}),
		)
		testkit.Must(t, drill.Reconcile(t.Context(), drill.ledgers), drill.Judge())
		record := drill.Record()
		var got []string
		for _, mention := range record.Mentions {
			got = append(got, strings.Join([]string{mentionPlace(mention), mention.Address, mention.Because}, " | "))
		}
		want := []string{
			"consul kv app/peer line 1 | fd00:d1::12 | ", "file /etc/peers line 2 of nomad-1 | fd00:d1::11 | ",
			"file /etc/peers line 2 of nomad-2 | fd00:d1::11 | nobody reads it",
		}
		if !slices.Equal(got, want) {
			t.Errorf("the mentions are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if len(searched) != 2 || !slices.Equal(searched[0], []string{"/etc/nomad.d", "/var/lib/nomad"}) {
			t.Errorf("searched were %q", searched)
		}
		drift := record.Drift[0]
		if len(drift.Explained) != 4 || len(drift.Unexplained) != 1 || drift.Unexplained[0].Key != "/etc/a" ||
			drift.Explained[0].Because != becauseMoved {
			t.Errorf("the drift is %+v", drift)
		}
		for _, part := range []string{
			"the search for old addresses is incomplete: consul kv: no leader",
			"2 places still name an old address, such as consul kv app/peer line 1",
		} {
			if !strings.Contains(strings.Join(record.Findings, "\n"), part) {
				t.Errorf("%q is not among the findings %q", part, record.Findings)
			}
		}
	})
}

// Goal: what only one of two looks after the recovery has seen is no difference, and what both have seen is.
// Method: a listing that leaves a file out, first and then second, beside a file that did change.
func TestSettled(t *testing.T) {
	file := func(key, value string) harness.Trait {
		return trait(harness.KindFile, key, value)
	}
	before := harness.Fingerprint{Node: "web-1", Traits: []harness.Trait{file("/a", "1"), file("/b", "1"), file("/c", "1")}}
	whole := harness.Fingerprint{Node: "web-1", Traits: []harness.Trait{file("/a", "1"), file("/b", "2"), file("/c", "1")}}
	lacking := harness.Fingerprint{Node: "web-1", Traits: []harness.Trait{file("/b", "2"), file("/c", "1"), file("/d", "1")}}
	want := []harness.Difference{{Node: "web-1", Kind: harness.KindFile, Key: "/b", Before: "1", After: "2"}}
	for name, looks := range map[string][2]harness.Fingerprint{"first": {lacking, whole}, "second": {whole, lacking}} {
		if got := drift.Compare(before, settled(before, looks[0], looks[1])); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if got := drift.Compare(before, settled(before, lacking, lacking)); len(got) != 3 {
		t.Errorf("what both have seen: %v", got)
	}
}
