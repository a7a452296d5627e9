package vrrp

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// Goal: VRRP alone is dropped, in one or both directions; two masters prove it; the revert leaves nothing.
// Method: routers in memory of which the second takes over when it hears nothing.
func TestDeafness(t *testing.T) {
	for _, oneWay := range []bool{false, true} {
		lab := newFakeLab(t)
		fault := DropAdvertisements{Pair: testPair, OneWay: oneWay}
		injection, err := fault.Inject(t.Context(), lab)
		testkit.Must(t, err)
		if !lab.deaf[testPair.Second] || lab.deaf[testPair.First] == oneWay {
			t.Errorf("%s: deaf are %v", fault.Describe(), lab.deaf)
		}
		if proof, err := injection.Confirm(t.Context()); err != nil || !strings.Contains(proof, vip.String()) {
			t.Errorf("%s: the proof is %q, error %v", fault.Describe(), proof, err)
		}
		if err := fault.Stands(t.Context(), lab); err != nil {
			t.Errorf("%s: in force it is not: %v", fault.Describe(), err)
		}
		lab.deaf[testPair.Second] = false // somebody has flushed its firewall
		if err := fault.Stands(t.Context(), lab); err == nil {
			t.Errorf("%s: it stands although the second router hears again", fault.Describe())
		}
		if err := injection.Revert(t.Context()); err != nil || lab.deaf[testPair.First] || lab.deaf[testPair.Second] {
			t.Errorf("%s: after the revert deaf are %v, error %v", fault.Describe(), lab.deaf, err)
		}
	}
	stranger := testPair
	stranger.First = "nobody"
	if _, err := (DropAdvertisements{Pair: stranger}).Inject(t.Context(), newFakeLab(t)); err == nil {
		t.Error("a router that is not there was made deaf")
	}
}

// Goal: who steps down gives up what it shares, and the runbook waits for that. Method: a split brain in
// memory, then the steps.
func TestStepDown(t *testing.T) {
	lab := newFakeLab(t)
	if _, err := (DropAdvertisements{Pair: testPair}).Inject(t.Context(), lab); err != nil {
		t.Fatal(err)
	}
	if _, err := runbook.Run(t.Context(), lab, testPair.StepDown(testPair.Second)); err != nil {
		t.Fatal(err)
	}
	if lab.holds(t.Context(), testPair.Second) || !lab.holds(t.Context(), testPair.First) {
		t.Error("the second router has not stepped down, or the first one has")
	}
	if _, err := lab.ReadFile(t.Context(), testPair.Second, testPair.MasterFile); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
}

// Goal: every shared address is announced by the router that is named. Method: the command that it is given.
func TestAnnounce(t *testing.T) {
	lab := newFakeLab(t)
	// Routers in memory know no such command, and note it.
	_, _ = runbook.Run(t.Context(), lab, testPair.Announce(testPair.First))
	if got := strings.Join(lab.Journal(), ", "); !strings.HasPrefix(got, "exec gulp: sh -c ") ||
		!strings.HasSuffix(got, " sh "+vip.String()) {
		t.Errorf("done was: %s", got)
	}
}

// Goal: keepalived is restarted as an init system does, and nothing else is touched. Method: the journal of
// what was done.
func TestRestart(t *testing.T) {
	lab := newFakeLab(t)
	if _, err := runbook.Run(t.Context(), lab, Restart(testPair.Second)); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(lab.Journal(), ", "); got != "start odlyd, stop odlyd" {
		t.Errorf("done was: %s", got)
	}
}

var _ harness.Lab = (*fakeLab)(nil)
