package harness

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

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

func fingerprintOf(node string, traits ...Trait) Fingerprint {
	return Fingerprint{Node: node, Traits: SortTraits(traits)}
}

// Goal: what is new, gone or not the same is told, sorted, and nothing else. Method: two small fingerprints,
// also of nodes without any trait.
func TestCompare(t *testing.T) {
	before := fingerprintOf("a", Trait{KindUser, "app", "1"}, Trait{KindFile, "/etc/b", "x"}, Trait{KindFile, "/etc/a", ""},
		Trait{KindMount, "/", "ro"})
	after := fingerprintOf("b", Trait{KindUser, "app", "1"}, Trait{KindFile, "/etc/b", "y"}, Trait{KindFile, "/etc/c", "z"},
		Trait{KindMount, "/", "ro"})
	want := []Difference{
		{"b", KindFile, "/etc/a", "empty", ""}, {"b", KindFile, "/etc/b", "x", "y"}, {"b", KindFile, "/etc/c", "", "z"},
	}
	if got := Compare(before, after); !slices.Equal(got, want) {
		t.Errorf("the differences are %v, want %v", got, want)
	}
	if got := Compare(before, before); got != nil {
		t.Errorf("a fingerprint differs from itself: %v", got)
	}
	if got := len(Compare(Fingerprint{}, after)); got != len(after.Traits) {
		t.Errorf("of %d traits %d are new", len(after.Traits), got)
	}
}

// Goal: two things of one name are one trait that tells of both, so that none hides the other. Method: sort them.
func TestSortTraitsJoins(t *testing.T) {
	got := SortTraits([]Trait{
		{KindSocket, "tcp :80", "b"},
		{KindFile, "/etc", "folder"},
		{KindSocket, "tcp :80", "a"},
		{KindSocket, "tcp :80", "a"},
	})
	want := []Trait{{KindFile, "/etc", "folder"}, {KindSocket, "tcp :80", "a; b"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Goal: a pattern means what it says: a star stays within a folder, two do not, a question mark is one
// character, a backslash takes the meaning away. Method: keys that fit and that do not.
func TestPlannedPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, key string
		fits         bool
	}{
		{"/etc/ssh/ssh_host_*", "/etc/ssh/ssh_host_rsa_key", true},
		{"/etc/ssh/ssh_host_*", "/etc/ssh/ssh_host_d/key", false},
		{"/etc/ssh/ssh_host_*", "/etc/ssh/ssh_host_", true},
		{"/etc/*/key", "/etc/a/b/key", false},
		{"/etc/**", "/etc/a/b/key", true},
		{"/etc/**/key", "/etc/a/b/key", true},
		{"/etc/**/key", "/etc/key", false},
		{"**key*", "/etc/a/b/keys", true},
		{"**", "", true},
		{"*", "a/b", false},
		{"a?c", "abc", true},
		{"a?c", "a/c", false},
		{"a?c", "aéc", true},
		{`\*/5 **`, "*/5 * * * *", true},
		{`\*/5 **`, "x/5 * * * *", false},
		{"key", "keys", false},
		{"keys", "key", false},
		{"", "", true},
	} {
		if got := matchPattern(c.pattern, c.key); got != c.fits {
			t.Errorf("%q fits %q: %t", c.pattern, c.key, got)
		}
	}
}

// Goal: a plan that explains nothing is refused with what is wrong with it. Method: plans of each kind.
func TestPlannedValidation(t *testing.T) {
	for want, planned := range map[string]Planned{
		"":                 {Kind: KindFile, Key: "/etc/*", Because: "the playbook"},
		"Because is empty": {Kind: KindFile, Key: "/etc/*", Because: " "},
		"has no key":       {Because: "everything"},
		`ends in a \`:      {Key: `/etc/\`, Because: "x"},
		"three stars":      {Key: "/etc/***", Because: "x"},
		"it is no text":    {Key: "/etc/\xff", Because: "x"},
	} {
		err := planned.Validate()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: the error is %v, want %q", planned, err, want)
		}
	}
}

// Goal: a plan explains what it names and no more: its node, its kind, its key; the first that fits counts, and
// one that does not validate never does. Method: one difference against several plans.
func TestExplain(t *testing.T) {
	difference := Difference{Node: "a", Kind: KindFile, Key: "/etc/hosts", After: "x"}
	for _, c := range []struct {
		planned []Planned
		because string
	}{
		{nil, ""},
		{[]Planned{{Key: "/etc/*", Because: "any"}}, "any"},
		{[]Planned{{Node: "b", Key: "/etc/*", Because: "other node"}, {Kind: KindUser, Key: "**", Because: "other kind"}}, ""},
		{[]Planned{{Kind: KindMention, Key: "**", Because: "a mention"}, {Key: "**"}}, ""},
		{[]Planned{{Node: "a", Kind: KindFile, Key: "/etc/hosts", Because: "first"}, {Key: "**", Because: "second"}}, "first"},
	} {
		explained, unexplained := Explain([]Difference{difference}, c.planned)
		switch {
		case c.because == "" && (len(explained) != 0 || len(unexplained) != 1):
			t.Errorf("%+v explain %v", c.planned, explained)
		case c.because != "" && (len(explained) != 1 || len(unexplained) != 0 || explained[0].Because != c.because):
			t.Errorf("%+v explain %v and leave %v", c.planned, explained, unexplained)
		}
	}
	if mention := (Planned{Key: "**", Because: "any kind"}); mention.matches("a", KindMention, "file /etc/hosts") {
		t.Error("a plan of any kind explains a mention")
	}
}

// Goal: another machine is the same but for what makes it another. Method: differences of both kinds.
func TestAnotherMachine(t *testing.T) {
	differences := []Difference{
		{Node: "b", Kind: KindFile, Key: "/etc/hostname"},
		{Node: "b", Kind: KindFile, Key: "/etc/hosts"},
		{Node: "b", Kind: KindFile, Key: "/etc/ssh/ssh_host_rsa_key"},
		{Node: "b", Kind: KindAddress, Key: "eth0 fd00::1/64"},
		{Node: "b", Kind: KindFile, Key: "/etc/passwd"},
		{Node: "c", Kind: KindFile, Key: "/etc/hosts"},
	}
	_, unexplained := Explain(differences, AnotherMachine("b"))
	if len(unexplained) != 2 || unexplained[0].Key != "/etc/passwd" || unexplained[1].Node != "c" {
		t.Errorf("left are %v", unexplained)
	}
	if err := ValidatePlanned(AnotherMachine("")); err != nil {
		t.Error(err)
	}
}

// A shownLab shows the same fingerprint of every node.
type shownLab struct {
	Lab
	shown Fingerprint
	err   error
	asked []string
}

func (l *shownLab) Fingerprint(_ context.Context, node string, _ ...string) (Fingerprint, error) {
	l.asked = append(l.asked, node)
	return l.shown, l.err
}

// Goal: the probe holds while nothing unplanned differs, asks for the same paths, and names what does; a node
// that cannot be asked and a bad plan are errors. Method: a fake cluster that shows what a test has put there.
func TestNoDrift(t *testing.T) {
	cluster := &shownLab{shown: fingerprintOf("nomad-2")}
	before := fingerprintOf("nomad-1", Trait{KindFile, "/etc/a", "1"}, Trait{KindFile, "/etc/b", "1"})
	before.Paths = []string{"/srv"}
	check := func(planned ...Planned) error {
		return NoDrift(before, "nomad-2", planned...).Check(t.Context(), cluster)
	}
	cluster.shown.Traits = before.Traits
	if err := check(); err != nil {
		t.Errorf("the same traits: %v", err)
	}
	cluster.shown = fingerprintOf("nomad-2", Trait{KindFile, "/etc/a", "2"})
	if err := check(Planned{Key: "/etc/*", Because: "all"}); err != nil {
		t.Errorf("planned differences: %v", err)
	}
	if err := check(); err == nil || err.Error() != "2 unexplained differences: file /etc/a was 1, is 2; file /etc/b is gone: 1" {
		t.Errorf("the error is %v", err)
	}
	for i := range 5 {
		cluster.shown.Traits = append(cluster.shown.Traits, Trait{KindUser, fmt.Sprint("u", i), "x"})
	}
	if err := check(); err == nil || !strings.HasSuffix(err.Error(), "user u0 is new: x; and 4 more") {
		t.Errorf("the error is %v", err)
	}
	if err := check(Planned{Key: "x"}); err == nil || !strings.Contains(err.Error(), "Because is empty") {
		t.Errorf("a bad plan: %v", err)
	}
	cluster.err = errors.New("nomad-2: read /srv: gone")
	if err := check(); err == nil || !strings.Contains(err.Error(), "read /srv") {
		t.Errorf("a node that cannot be asked: %v", err)
	}
	if probe := NoDrift(before, "nomad-1"); probe.Name() == NoDrift(before, "nomad-2").Name() || probe.Period() != 2*time.Second {
		t.Errorf("the probe is called %q, and asked every %v", probe.Name(), probe.Period())
	}
	if !slices.Contains(cluster.asked, "nomad-2") {
		t.Errorf("asked were %q", cluster.asked)
	}
}

// Goal: an address is found as a whole, in any spelling, with its line. Method: a text with addresses of each kind.
func TestFindMentions(t *testing.T) {
	wanted := map[netip.Addr]bool{netip.MustParseAddr("fd00:d1::1"): true, netip.MustParseAddr("10.0.0.1"): true}
	text := "peers: [FD00:00d1::0001]:8300, fd00:d1::11\n" + "x10.0.0.1 10.0.0.11 10.0.0.1-x 1.10.0.0.1\n\n" +
		"http://10.0.0.1:8500/ and ::ffff:10.0.0.1, 10.0.0.1.\r\n" +
		strings.Repeat("é", 300) + " fd00:d1::1/64"
	var got []string
	for _, mention := range FindMentions([]byte(text), wanted) {
		got = append(got, fmt.Sprintf("%d %s %d", mention.Line, mention.Address, len(mention.Text)))
	}
	if want := []string{"1 fd00:d1::1 42", "4 10.0.0.1 52", "5 fd00:d1::1 203"}; !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

func fingerprinted(node string, traits ...Trait) Fingerprint {
	return Fingerprint{Node: node, Traits: SortTraits(traits)}
}

// planted is a cluster whose nodes look different after the first look at them.
func planted(drill *fakeDrill, before, after map[string]Fingerprint) {
	looks := map[string]int{}
	drill.cluster.look = func(_ context.Context, node string) (Fingerprint, error) {
		drill.cluster.mu.Lock()
		defer drill.cluster.mu.Unlock()
		looks[node]++
		shown := before[node]
		if looks[node] > 1 {
			shown = after[node]
		}
		if shown.Node == "" {
			return Fingerprint{}, fmt.Errorf("%s: the node has lost its power", node)
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
		was := fingerprinted("nomad-1", Trait{KindFile, "/etc/ssh/ssh_host_key", "1"}, Trait{KindFile, "/etc/a", "1"})
		is := fingerprinted("nomad-1", Trait{KindFile, "/etc/ssh/ssh_host_key", "2"}, Trait{KindFile, "/etc/a", "1"},
			Trait{KindUser, "guest", "9"})
		was.Wall, is.Wall, was.CPU, is.CPU = 3, 2, 1, 4
		planted(drill, map[string]Fingerprint{"nomad-1": was, "nomad-2": fingerprinted("nomad-2")},
			map[string]Fingerprint{"nomad-1": is})
		testkit.Must(t, drill.Expect(Planned{Kind: KindFile, Key: "/etc/ssh/*", Because: "new keys"}))
		if err := drill.Expect(Planned{Key: "/etc/a"}); err == nil || !strings.Contains(err.Error(), "Because is empty") {
			t.Errorf("a bad plan: %v", err)
		}
		drill.toDetection(t)
		if err := drill.AlsoFingerprint("/srv"); !errors.Is(err, ErrOrder) {
			t.Errorf("paths after the fault: %v", err)
		}
		testkit.Must(t, drill.finishBy(t, time.Second))
		if err := drill.Expect(Planned{Key: "**", Because: "too late"}); !errors.Is(err, ErrOrder) {
			t.Errorf("a plan after the judgement: %v", err)
		}
		record := drill.Record()
		want := RecordDrift{
			Node: "nomad-1", Traits: 3, Took: 3, CPU: 4,
			Explained:   []RecordDifference{{Kind: KindFile, Key: "/etc/ssh/ssh_host_key", Before: "1", After: "2", Because: "new keys"}},
			Unexplained: []RecordDifference{{Kind: KindUser, Key: "guest", After: "9"}},
		}
		if len(record.Drift) != 1 || fmt.Sprint(record.Drift[0]) != fmt.Sprint(want) {
			t.Errorf("the drift is %+v, want %+v", record.Drift, want)
		}
		findings := strings.Join(record.Findings, "\n")
		for _, part := range []string{
			"nomad-1 differs from before the fault by 1 thing that nobody planned",
			"no fingerprint of nomad-2 after the recovery: nomad-2: the node has lost its power",
		} {
			if !strings.Contains(findings, part) {
				t.Errorf("%q is not among the findings:\n%s", part, findings)
			}
		}
		if record.Judgement.Verdict != Met || len(record.Doubts) > 0 {
			t.Errorf("the verdict is %s, the doubts %q", record.Judgement.Verdict, record.Doubts)
		}
	})
}

// Goal: a node that does not answer costs the drill no more than the limit, before t0 is stamped and after
// the recovery, and no more than a finding. Method: a node that never answers; compare t0 with the call.
func TestDrillDoesNotWaitForFingerprints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.cluster.look = func(ctx context.Context, node string) (Fingerprint, error) {
			if node == "nomad-1" {
				<-ctx.Done()
				return Fingerprint{}, ctx.Err()
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
		if record.Judgement.Verdict != Met {
			t.Errorf("the verdict is %s", record.Judgement.Verdict)
		}
	})
}

// Goal: a record stays small, and counts what it leaves out. Method: more differences and mentions than are kept.
func TestAuditIsCapped(t *testing.T) {
	after := fingerprinted("a")
	var mentions []Mention
	for i := range recordedDifferences + 7 {
		after.Traits = append(after.Traits, Trait{KindFile, fmt.Sprintf("/etc/%04d", i), strings.Repeat("x", 2*recordedText)})
		mentions = append(mentions, Mention{Where: WhereFile, Key: fmt.Sprint(i), Address: netip.MustParseAddr("fd00::1")})
	}
	kept := audit{before: map[string]Fingerprint{"a": {}}, after: map[string]Fingerprint{"a": after}, mentions: mentions}
	drift := kept.drift()[0]
	if len(drift.Unexplained) != recordedDifferences || drift.UnexplainedMore != 7 ||
		len(drift.Unexplained[0].After) > recordedText+len("...") {
		t.Errorf("%d differences are kept of %d bytes, %d more", len(drift.Unexplained), len(drift.Unexplained[0].After),
			drift.UnexplainedMore)
	}
	if listed, more := kept.recordMentions(); len(listed) != recordedDifferences || more != 7 {
		t.Errorf("%d mentions are kept, %d more", len(listed), more)
	}
}

// movedCluster is a fake cluster whose nodes have other addresses since the fault.
type movedCluster struct{ *fakeCluster }

func (c movedCluster) Addresses(node string) (Addresses, error) {
	peace, _ := c.Topology().Node(node)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down["moved"] == nil {
		return Addresses{IPv6: peace.IPv6, IPv4: peace.IPv4}, nil
	}
	host := peace.IPv6.As16()
	return Addresses{IPv6: netip.MustParseAddr(fmt.Sprintf("fd00:d2::%x", host[15])), IPv4: peace.IPv4}, nil
}

// A fakeSource is a product's texts.
type fakeSource struct {
	texts map[string]string
	err   error
}

func (fakeSource) Name() string { return "consul kv" }
func (s fakeSource) Texts(context.Context, Observer) (map[string]string, error) {
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
		before := fingerprinted("nomad-1", Trait{KindAddress, "eth0 fd00:d1::11/64", "assigned"},
			Trait{KindProcess, "root app --bind=fd00:d1::11", "1"}, Trait{KindFile, "/etc/a", "1"})
		after := fingerprinted("nomad-1", Trait{KindAddress, "eth0 fd00:d2::11/64", "assigned"},
			Trait{KindProcess, "root app --bind=fd00:d2::11", "1"}, Trait{KindFile, "/etc/a", "2"})
		planted(drill, map[string]Fingerprint{"nomad-1": before}, map[string]Fingerprint{"nomad-1": after})
		var searched [][]string
		drill.cluster.search = func(node string, old []netip.Addr, paths []string) ([]Mention, error) {
			searched = append(searched, paths)
			if len(old) != 2 || old[0].String() != "fd00:d1::11" {
				t.Errorf("the old addresses are %v", old)
			}
			return []Mention{{Node: node, Where: WhereFile, Key: "/etc/peers", Line: 2, Text: "x", Address: old[0]}}, nil
		}
		drill.AlsoSearch(
			fakeSource{texts: map[string]string{"app/peer": "fd00:d1::12", "app/next": "fd00:d2::12"}},
			fakeSource{err: errors.New("no leader")},
			Folders("nomad-server", "/var/lib/nomad"), Folders("consul-server", "/var/lib/consul"),
		)
		drill.toDetection(t)
		testkit.Must(t, drill.Repair(t.Context(), fakeRunbook{{Name: "restart", Do: func(context.Context, Operator) error {
			drill.cluster.heal("quorum", "service")
			return nil
		}}}))
		testkit.Must(t, drill.AwaitRecovery(t.Context(), drill.steady))
		testkit.Must(t, drill.Expect(Planned{Node: "nomad-2", Kind: KindMention, Key: "file /etc/peers", Because: "nobody reads it"}))
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
	file := func(key, value string) Trait { return Trait{Kind: KindFile, Key: key, Value: value} }
	before := Fingerprint{Node: "web-1", Traits: []Trait{file("/a", "1"), file("/b", "1"), file("/c", "1")}}
	whole := Fingerprint{Node: "web-1", Traits: []Trait{file("/a", "1"), file("/b", "2"), file("/c", "1")}}
	lacking := Fingerprint{Node: "web-1", Traits: []Trait{file("/b", "2"), file("/c", "1"), file("/d", "1")}}
	want := []Difference{{Node: "web-1", Kind: KindFile, Key: "/b", Before: "1", After: "2"}}
	for name, looks := range map[string][2]Fingerprint{"first": {lacking, whole}, "second": {whole, lacking}} {
		if got := Compare(before, settled(before, looks[0], looks[1])); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if got := Compare(before, settled(before, lacking, lacking)); len(got) != 3 {
		t.Errorf("what both have seen: %v", got)
	}
}
