package ganeti

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// Goal: what the operator types about an instance's disks is what Ganeti's manuals say, on the master. Method: carry
// every runbook out on machines that note it.
func TestCommandsAboutDisks(t *testing.T) {
	session := aCluster(t).On("node2")
	wiki := session.Cluster.Instances[0]
	for want, typed := range map[string]harness.Runbook{
		"node2: gnt-instance replace-disks -s wiki1.virt.example": session.ReplaceSecondaryDisks(wiki),
		"node2: gnt-instance replace-disks -a wiki1.virt.example": session.ReplaceDisks(wiki),
		"node2: gnt-instance activate-disks wiki1.virt.example":   session.ActivateDisks(wiki),
	} {
		machines := inMemory(t)
		if expectRuns(t, machines, typed); !slices.Equal(machines.commands, []string{want}) {
			t.Errorf("%s: ran %q", typed.Name(), machines.commands)
		}
	}
}

// Goal: a machine counts as booted when its SSH server runs, and not before. Method: one that is asked three times.
func TestBooted(t *testing.T) {
	defer func(interval time.Duration) { waitForBoot.Interval = interval }(waitForBoot.Interval)
	waitForBoot.Interval = time.Millisecond
	booting := &bootingHypervisor{hypervisors: inMemory(t), unready: 2}
	if expectRuns(t, booting, Booted("node1")); !slices.Equal(booting.commands, []string{"node1: pidof sshd"}) {
		t.Errorf("%d times too early, then %q", 2-booting.unready, booting.commands)
	}
}

// A bootingHypervisor is not ready for so many commands.
type bootingHypervisor struct {
	*hypervisors
	unready int
}

func (b *bootingHypervisor) Exec(ctx context.Context, node string, argv ...string) ([]byte, error) {
	if b.unready > 0 {
		b.unready--
		return nil, errors.New("nobody answered")
	}
	return b.hypervisors.Exec(ctx, node, argv...)
}

// Goal: a command that a daemon did not answer in time is given again, and one that fails otherwise is not; what is only
// declared stays that. Method: a machine that times out twice and then refuses; and one that works at last.
func TestAgain(t *testing.T) {
	defer func(interval time.Duration) { waitForAnswer.Interval = interval }(waitForAnswer.Interval)
	waitForAnswer.Interval = time.Millisecond
	slow := errors.New("node1: Error 28: SSL connection timeout")
	for name, c := range map[string]struct {
		answers []error
		want    string
	}{
		"works at last":   {[]error{slow, slow, nil}, ""},
		"refused at last": {[]error{slow, errors.New("disk not found")}, "disk not found"},
	} {
		asked := 0
		timed := runbook.Of("step by step", []harness.Step{
			{Name: "drive there", Declared: time.Minute},
			{Name: "try", Do: func(context.Context, harness.Operator) error { asked++; return c.answers[asked-1] }},
		}...)
		steps := Retry(timed).Steps()
		if steps[0].Do != nil || steps[0].Declared != time.Minute {
			t.Errorf("%s: what is declared became %+v", name, steps[0])
		}
		labtest.Expect(t, steps[1].Do(t.Context(), inMemory(t)), c.want)
		if asked != len(c.answers) {
			t.Errorf("%s: tried %d times", name, asked)
		}
	}
}
