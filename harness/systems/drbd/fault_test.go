package drbd

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// A fakeLab is a pair whose kernels notice at once who hears whom, and who writes as soon as it may.
type fakeLab struct {
	*scripted
	cut       bool
	both      bool // the second one is primary too
	unnoticed bool // a split brain is not found when the link is back
	strikes   int
}

func newFakeLab(t *testing.T) (*fakeLab, Pair) {
	t.Helper()
	machines, pair, _, _ := standIn(t)
	lab := &fakeLab{scripted: &scripted{Lab: machines}}
	lab.answer = func(node, command string) error {
		switch {
		case node == pair.Second && command == "drbdadm primary r0":
			lab.both = true
		case strings.HasPrefix(command, "drbdadm attach"):
			return &harness.CommandError{Node: node, ExitCode: 1, Output: "No valid meta data found\n"}
		}
		return nil
	}
	return lab, pair
}

func (f *fakeLab) Interruptions() []harness.Interruption { return nil }

func (f *fakeLab) Apply(ctx context.Context, nodeActions []harness.NodeActions) (harness.Impact, error) {
	f.strikes++
	drop := nodeActions[0].Actions[0].Drop
	if drop == nil {
		return harness.Impact{Before: time.Now()}, f.PowerOff(ctx, nodeActions[0].Node)
	}
	f.cut = !drop.Lift
	return harness.Impact{Before: time.Now()}, nil
}

// ReadFile says what the kernel would.
func (f *fakeLab) ReadFile(_ context.Context, node, _ string) ([]byte, error) {
	primary := node == "drbd-1" || f.both
	connection, role, ahead := "Connected", "Secondary", 0
	switch {
	case f.cut:
		connection = waiting
	case f.both && !f.unnoticed:
		connection = standing
	}
	if primary {
		role = "Primary"
	}
	if primary && f.cut {
		ahead = 8
	}
	peer := map[bool]string{true: "Secondary", false: "Unknown"}[connection == "Connected"]
	return fmt.Appendf(nil, "%s 0: cs:%s ro:%s/%s ds:UpToDate/UpToDate C r-----\n oos:%d\n", version, connection, role, peer,
		ahead), nil
}

func (f *fakeLab) Exec(ctx context.Context, node string, argv ...string) ([]byte, error) {
	if argv[0] == "dmesg" && !f.unnoticed {
		return []byte("block drbd0: " + splitBrainLine + "\n"), nil
	}
	return f.scripted.Exec(ctx, node, argv...)
}

func inject(t *testing.T, lab *fakeLab, fault harness.Fault) (harness.Injection, string) {
	t.Helper()
	injection, err := fault.Inject(t.Context(), lab)
	labtest.Expect(t, err, "")
	proof, err := injection.Confirm(t.Context())
	labtest.Expect(t, err, "")
	return injection, proof
}

// Goal: a link outage is over when it is injected, and proves that only one side has written. Method: a pair in memory; then
// one in which the other side is primary as well.
func TestLinkOutage(t *testing.T) {
	lab, pair := newFakeLab(t)
	injection, proof := inject(t, lab, LinkOutage{Pair: pair})
	if lab.cut || lab.strikes != 2 || !strings.Contains(proof, "drbd-1 had 8 KiB that drbd-2 had not") {
		t.Errorf("cut: %t, struck %d times, proof: %s", lab.cut, lab.strikes, proof)
	}
	labtest.Expect(t, injection.Revert(t.Context()), "")

	lab, pair = newFakeLab(t)
	lab.both = true
	injection, err := LinkOutage{Pair: pair}.Inject(t.Context(), lab)
	labtest.Expect(t, err, "only drbd-1 was to write: drbd-2: cs:WFConnection ro:Primary/Unknown")
	if _, err := injection.Confirm(t.Context()); err == nil {
		t.Error("what was not done was proved")
	}
	if labtest.Expect(t, injection.Revert(t.Context()), ""); lab.cut {
		t.Error("the link is still cut")
	}
}

// Goal: a split brain is made by promoting the second side while the link is cut, is proved by what the kernels say when
// it is back, and a job that is asked for has begun. Method: a pair in memory.
func TestSplitBrain(t *testing.T) {
	lab, pair := newFakeLab(t)
	fault := SplitBrain{Pair: pair, Job: Journal}
	_, proof := inject(t, lab, fault)
	if lab.cut || !strings.Contains(proof, "drbd-2 says cs:StandAlone ro:Primary/Unknown ds:UpToDate/UpToDate with 8 KiB of its "+
		"own") {
		t.Errorf("cut: %t, proof: %s", lab.cut, proof)
	}
	want := "drbd-2: drbdadm primary r0, drbd-2: mount -t ext4 /dev/drbd0 /srv, " +
		"drbd-2: ln -s /etc/jobs/journal /etc/service/journal, drbd-2: test -s /srv/messages"
	if got := strings.Join(lab.commands, ", "); got != want {
		t.Errorf("ran %s", got)
	}
	if !strings.HasSuffix(fault.Describe(), "on drbd-2 the job journal has begun") {
		t.Error(fault.Describe())
	}
}

// Goal: a split brain that DRBD has not found is not taken for one. Method: a pair that connects again all the same.
func TestSplitBrainUnnoticed(t *testing.T) {
	lab, pair := newFakeLab(t)
	lab.unnoticed = true
	injection, err := SplitBrain{Pair: pair}.Inject(t.Context(), lab)
	labtest.Expect(t, err, "")
	ctx, cancel := context.WithTimeout(t.Context(), waitForSplitBrain.Interval*2)
	defer cancel()
	_, err = injection.Confirm(ctx)
	labtest.Expect(t, err, "drbd-1: cs:Connected ro:Primary/Secondary")
}

// Goal: a lost disk is proved by DRBD's own refusal of the new one. Method: a node that is installed anew.
func TestDiskLost(t *testing.T) {
	lab, _ := newFakeLab(t)
	if _, proof := inject(t, lab, DiskLost{Node: "drbd-2"}); proof != "drbd-2: No valid meta data found" {
		t.Error(proof)
	}
	lab.answer = nil
	injection, err := DiskLost{Node: "drbd-2"}.Inject(t.Context(), lab)
	labtest.Expect(t, err, "")
	_, err = injection.Confirm(t.Context())
	labtest.Expect(t, err, "the disk of drbd-2 was to have no meta data")
}
