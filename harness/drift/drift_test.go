package drift

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

func trait(kind harness.Kind, key, value string) harness.Trait {
	return harness.Trait{Kind: kind, Key: key, Value: value}
}

func fingerprintOf(node string, traits ...harness.Trait) harness.Fingerprint {
	return harness.Fingerprint{Node: node, Traits: harness.SortTraits(traits)}
}

// Goal: what is new, gone or not the same is told, sorted, and nothing else. Method: two small fingerprints,
// also of nodes without any trait.
func TestCompare(t *testing.T) {
	before := fingerprintOf(
		"a",
		trait(harness.KindUser, "app", "1"),
		trait(harness.KindFile, "/etc/b", "x"),
		trait(harness.KindFile, "/etc/a", ""),
		trait(harness.KindMount, "/", "ro"),
	)
	after := fingerprintOf(
		"b",
		trait(harness.KindUser, "app", "1"),
		trait(harness.KindFile, "/etc/b", "y"),
		trait(harness.KindFile, "/etc/c", "z"),
		trait(harness.KindMount, "/", "ro"),
	)
	want := []harness.Difference{
		{
			Node:   "b",
			Kind:   harness.KindFile,
			Key:    "/etc/a",
			Before: "empty",
			After:  "",
		},
		{Node: "b", Kind: harness.KindFile, Key: "/etc/b", Before: "x", After: "y"},
		{Node: "b", Kind: harness.KindFile, Key: "/etc/c", Before: "", After: "z"},
	}
	if got := Compare(before, after); !slices.Equal(got, want) {
		t.Errorf("the differences are %v, want %v", got, want)
	}
	if got := Compare(before, before); got != nil {
		t.Errorf("a fingerprint differs from itself: %v", got)
	}
	if got := len(Compare(harness.Fingerprint{}, after)); got != len(after.Traits) {
		t.Errorf("of %d traits %d are new", len(after.Traits), got)
	}
}

// Goal: two things of one name are one trait that tells of both, so that none hides the other. Method: sort them.
func TestSortTraitsJoins(t *testing.T) {
	got := harness.SortTraits([]harness.Trait{
		trait(harness.KindSocket, "tcp :80", "b"),
		trait(harness.KindFile, "/etc", "folder"),
		trait(harness.KindSocket, "tcp :80", "a"),
		trait(harness.KindSocket, "tcp :80", "a"),
	})
	want := []harness.Trait{trait(harness.KindFile, "/etc", "folder"), trait(harness.KindSocket, "tcp :80", "a; b")}
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
		"":                 {Kind: harness.KindFile, Key: "/etc/*", Because: "the playbook"},
		"Because is empty": {Kind: harness.KindFile, Key: "/etc/*", Because: " "},
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
	difference := harness.Difference{Node: "a", Kind: harness.KindFile, Key: "/etc/hosts", After: "x"}
	for _, c := range []struct {
		planned []Planned
		because string
	}{
		{nil, ""},
		{[]Planned{{Key: "/etc/*", Because: "any"}}, "any"},
		{[]Planned{{Node: "b", Key: "/etc/*", Because: "other node"}, {Kind: harness.KindUser, Key: "**", Because: "other kind"}}, ""},
		{[]Planned{{Kind: harness.KindMention, Key: "**", Because: "a mention"}, {Key: "**"}}, ""},
		{[]Planned{{Node: "a", Kind: harness.KindFile, Key: "/etc/hosts", Because: "first"}, {Key: "**", Because: "second"}}, "first"},
	} {
		explained, unexplained := Explain([]harness.Difference{difference}, c.planned)
		switch {
		case c.because == "" && (len(explained) != 0 || len(unexplained) != 1):
			t.Errorf("%+v explain %v", c.planned, explained)
		case c.because != "" && (len(explained) != 1 || len(unexplained) != 0 || explained[0].Because != c.because):
			t.Errorf("%+v explain %v and leave %v", c.planned, explained, unexplained)
		}
	}
	if mention := (Planned{Key: "**", Because: "any kind"}); mention.Matches("a", harness.KindMention, "file /etc/hosts") {
		t.Error("a plan of any kind explains a mention")
	}
}

// Goal: another machine is the same but for what makes it another. Method: differences of both kinds.
func TestAnotherMachine(t *testing.T) {
	differences := []harness.Difference{
		{Node: "b", Kind: harness.KindFile, Key: "/etc/hostname"},
		{Node: "b", Kind: harness.KindFile, Key: "/etc/hosts"},
		{Node: "b", Kind: harness.KindFile, Key: "/etc/ssh/ssh_host_rsa_key"},
		{Node: "b", Kind: harness.KindAddress, Key: "eth0 fd00::1/64"},
		{Node: "b", Kind: harness.KindFile, Key: "/etc/passwd"},
		{Node: "c", Kind: harness.KindFile, Key: "/etc/hosts"},
	}
	_, unexplained := Explain(differences, AnotherMachine("b"))
	if len(unexplained) != 2 || unexplained[0].Key != "/etc/passwd" || unexplained[1].Node != "c" {
		t.Errorf("left are %v", unexplained)
	}
	testkit.Expect(t, ValidatePlanned(AnotherMachine("")), "")
}

// A shownLab shows the same fingerprint of every node.
type shownLab struct {
	harness.Lab
	shown harness.Fingerprint
	err   error
	asked []string
}

func (l *shownLab) Fingerprint(_ context.Context, node string, _ ...string) (harness.Fingerprint, error) {
	l.asked = append(l.asked, node)
	return l.shown, l.err
}

// Goal: the probe holds while nothing unplanned differs, asks for the same paths, and names what does; a node
// that cannot be asked and a bad plan are errors. Method: a fake cluster that shows what a test has put there.
func TestNoDrift(t *testing.T) {
	cluster := &shownLab{shown: fingerprintOf("nomad-2")}
	before := fingerprintOf("nomad-1", trait(harness.KindFile, "/etc/a", "1"), trait(harness.KindFile, "/etc/b", "1"))
	before.Paths = []string{"/srv"}
	check := func(planned ...Planned) error {
		return NoDrift(before, "nomad-2", planned...).Check(t.Context(), cluster)
	}
	cluster.shown.Traits = before.Traits
	if err := check(); err != nil {
		t.Errorf("the same traits: %v", err)
	}
	cluster.shown = fingerprintOf("nomad-2", trait(harness.KindFile, "/etc/a", "2"))
	if err := check(Planned{Key: "/etc/*", Because: "all"}); err != nil {
		t.Errorf("planned differences: %v", err)
	}
	if err := check(); err == nil || err.Error() != "2 unexplained differences: file /etc/a was 1, is 2; file /etc/b is gone: 1" {
		t.Errorf("the error is %v", err)
	}
	for i := range 5 {
		cluster.shown.Traits = append(cluster.shown.Traits, trait(harness.KindUser, fmt.Sprint("u", i), "x"))
	}
	if err := check(); err == nil || !strings.HasSuffix(err.Error(), "user u0 is new: x; and 4 more") {
		t.Errorf("the error is %v", err)
	}
	testkit.Expect(t, check(Planned{Key: "x"}), "Because is empty")
	cluster.err = errors.New("nomad-2: read /srv: gone")
	testkit.Expect(t, check(), "read /srv")
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
