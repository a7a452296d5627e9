package fault

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

const goodResolvConf, badResolvConf = "nameserver 10.201.5.13\n", "nameserver 192.0.2.1\n"

// A fileLab is one node with files, that keeps what is done to it.
type fileLab struct {
	harness.Lab // what these faults must not call panics
	files       map[string]string
	done        []string
	stuck       bool // writing has no effect
	broken      error
}

func newFileLab() *fileLab { return &fileLab{files: map[string]string{resolvConf: goodResolvConf}} }

func (l *fileLab) Topology() harness.Topology {
	return harness.Topology{Nodes: []harness.Node{{Name: "one"}}}
}

func (l *fileLab) ReadFile(_ context.Context, _, path string) ([]byte, error) {
	if content, ok := l.files[path]; ok {
		return []byte(content), l.broken
	}
	return nil, fs.ErrNotExist
}

func (l *fileLab) WriteFile(_ context.Context, node string, file harness.File) error {
	l.done = append(l.done, "write "+node+file.Path)
	if !l.stuck {
		l.files[file.Path] = string(file.Data)
	}
	return l.broken
}

func (l *fileLab) RemoveFile(_ context.Context, node, path string) error {
	l.done = append(l.done, "remove "+node+path)
	delete(l.files, path)
	return l.broken
}

// restart is what comes then: it fails while the lab is broken.
func (l *fileLab) restart(context.Context, harness.Lab) error {
	l.done = append(l.done, "restart")
	return l.broken
}

// bad is the fault under test, on this lab.
func (l *fileLab) bad() BadResolvConf {
	return BadResolvConf{Node: "one", Content: badResolvConf, Then: l.restart, ThenName: "restart CoreDNS"}
}

// Goal: the file is replaced, what comes then is done, both are proved, and both are undone, once.
// Method: inject into a node with a file and one without, confirm, revert twice.
func TestBadResolvConf(t *testing.T) {
	for name, c := range map[string]struct {
		old  map[string]string
		want []string
	}{
		"a file": {map[string]string{resolvConf: goodResolvConf}, []string{
			"write one/etc/resolv.conf", "restart",
			"write one/etc/resolv.conf", "restart",
		}},
		"an empty": {map[string]string{resolvConf: ""}, []string{
			"write one/etc/resolv.conf", "restart", "write one/etc/resolv.conf",
			"restart",
		}},
		"no file": {map[string]string{}, []string{"write one/etc/resolv.conf", "restart", "remove one/etc/resolv.conf", "restart"}},
	} {
		t.Run(name, func(t *testing.T) {
			lab := &fileLab{files: maps.Clone(c.old)}
			injection, err := lab.bad().Inject(t.Context(), lab)
			testkit.Must(t, err)
			if lab.files[resolvConf] != badResolvConf || injection.Impact().Before.IsZero() ||
				injection.Impact().Effects[0].Node != "one" {
				t.Errorf("after the fault: %q, %+v", lab.files, injection.Impact())
			}
			seen, err := injection.Confirm(t.Context())
			if err != nil || !strings.Contains(seen, `one reads "nameserver 192.0.2.1\n"`) ||
				!strings.Contains(seen, "restart CoreDNS took") {
				t.Errorf("confirmed by %q, %v", seen, err)
			}
			testkit.Must(t, errors.Join(injection.Revert(t.Context()), injection.Revert(t.Context())))
			now, there := lab.files[resolvConf]
			old, was := c.old[resolvConf]
			if now != old || there != was || !slices.Equal(lab.done, c.want) {
				t.Errorf("after the revert: %q, done %q, want %q", lab.files, lab.done, c.want)
			}
		})
	}
}

// Goal: a fault that does not bite is not confirmed. Method: a file that keeps its content, one that
// somebody has repaired, and a restart that failed.
func TestBadResolvConfThatDoesNotBite(t *testing.T) {
	stuck := newFileLab()
	stuck.stuck = true
	injection, err := stuck.bad().Inject(t.Context(), stuck)
	testkit.Must(t, err)
	if seen, err := injection.Confirm(t.Context()); err == nil {
		t.Errorf("confirmed by %q although nothing happened", seen)
	}

	broken := newFileLab()
	fault := broken.bad()
	fault.Then = func(context.Context, harness.Lab) error { return errors.New("no such pod") }
	injection, err = fault.Inject(t.Context(), broken)
	if err == nil || !strings.Contains(err.Error(), "restart CoreDNS: no such pod") || injection == nil {
		t.Fatalf("a restart that fails: %v, %v", injection, err)
	}
	if seen, err := injection.Confirm(t.Context()); err == nil || !strings.Contains(err.Error(), "restart CoreDNS was not done") {
		t.Errorf("confirmed by %q, %v although the restart failed", seen, err)
	}
}

// Goal: a revert leaves alone what the operator has repaired, and does what it could not do before.
// Method: repair, then revert; and revert while the restart fails, then when it does not.
func TestBadResolvConfRevert(t *testing.T) {
	repaired := newFileLab()
	injection, err := repaired.bad().Inject(t.Context(), repaired)
	testkit.Must(t, err)
	repaired.files[resolvConf] = "nameserver 10.201.5.14\n"
	if err := injection.Revert(t.Context()); err != nil || len(repaired.done) != 2 ||
		repaired.files[resolvConf] != "nameserver 10.201.5.14\n" {
		t.Errorf("after a repair the revert did %q: %v", repaired.done, err)
	}

	lab := newFileLab()
	fault, failure := lab.bad(), error(nil)
	fault.Then = func(context.Context, harness.Lab) error {
		lab.done = append(lab.done, "restart")
		return failure
	}
	injection, err = fault.Inject(t.Context(), lab)
	testkit.Must(t, err)
	failure = errors.New("no such pod")
	if err := injection.Revert(t.Context()); !errors.Is(err, failure) {
		t.Errorf("a revert whose restart fails: %v", err)
	}
	failure = nil
	testkit.Must(t, injection.Revert(t.Context()))
	if want := []string{
		"write one/etc/resolv.conf", "restart", "write one/etc/resolv.conf", "restart",
		"restart",
	}; !slices.Equal(lab.done, want) {
		t.Errorf("done %q, want %q", lab.done, want)
	}
}

// Goal: a change that changes nothing, one that has no name and a node that cannot be read are refused,
// and nothing is written. Method: one of each.
func TestBadResolvConfRefuses(t *testing.T) {
	unreadable := newFileLab()
	unreadable.broken = errors.New("no such node")
	for want, c := range map[string]struct {
		lab   *fileLab
		fault BadResolvConf
	}{
		"nothing would change": {newFileLab(), BadResolvConf{Node: "one", Content: goodResolvConf}},
		"has no name":          {newFileLab(), BadResolvConf{Node: "one", Then: newFileLab().restart}},
		"no such node":         {unreadable, BadResolvConf{Node: "one"}},
	} {
		injection, err := c.fault.Inject(t.Context(), c.lab)
		if injection != nil || err == nil || !strings.Contains(err.Error(), want) || len(c.lab.done) > 0 {
			t.Errorf("%+v: %v after %q, want something about %q", c.fault, err, c.lab.done, want)
		}
	}
}
