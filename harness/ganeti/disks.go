package ganeti

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// ReplaceDisks gives an instance whose disk is replicated by DRBD new volumes on one of its two nodes, and has them
// copied from the other one. It returns when all is copied.
type ReplaceDisks struct {
	Master   string
	Instance Instance
	// Secondary replaces those of the node that the instance does not run on, whatever their state (-s). Otherwise Ganeti
	// looks for volumes that are missing or broken, and replaces those (-a).
	Secondary bool
}

// Name says whose and which.
func (r ReplaceDisks) Name() string {
	if r.Secondary {
		return "replace the secondary disks of " + r.Instance.Name
	}
	return "replace the broken disks of " + r.Instance.Name
}

// Steps run the command.
func (r ReplaceDisks) Steps() []harness.Step {
	which := "-a"
	if r.Secondary {
		which = "-s"
	}
	return []harness.Step{command(r.Name(), r.Master, "gnt-instance", "replace-disks", which, r.Instance.Name)}
}

// MissingDisk is how Ganeti refuses to replace disks of which one node has nothing at all, such as a node that was
// installed anew: they have to be activated before.
const MissingDisk = "disk not found\nDisks seem to be not properly activated. Try running activate-disks on the instance before using replace-disks."

// ActivateDisks has an instance's disks assembled on both of its nodes. A node without the volumes gets a disk of DRBD's
// that is only known by the network, which is what can then be replaced.
type ActivateDisks struct {
	Master   string
	Instance Instance
}

// Name says whose.
func (a ActivateDisks) Name() string { return "activate the disks of " + a.Instance.Name }

// Steps run the command.
func (a ActivateDisks) Steps() []harness.Step {
	return []harness.Step{command(a.Name(), a.Master, "gnt-instance", "activate-disks", a.Instance.Name)}
}

// Again is a runbook whose steps are done again when a node's daemon did not answer within the five seconds that Ganeti
// gives it: on a busy machine that happens, and people then give the command again. It is for commands that do
// not mind.
type Again struct{ Runbook harness.Runbook }

// Name is the runbook's.
func (a Again) Name() string { return a.Runbook.Name() }

// waitForAnswer allows for a command that takes a minute and fails a few times.
var waitForAnswer = harness.Wait{For: "the nodes' daemons to answer in time", Interval: time.Second, Limit: 10 * time.Minute}

// Steps are the runbook's, each as often as it takes.
func (a Again) Steps() []harness.Step {
	steps := slices.Clone(a.Runbook.Steps())
	for i, step := range steps {
		if step.Do == nil {
			continue
		}
		steps[i].Do = func(ctx context.Context, operator harness.Operator) error {
			var final error
			err := waitForAnswer.Until(ctx, func(ctx context.Context) error {
				err := step.Do(ctx, operator)
				if timedOut(err) {
					return err
				}
				final = err
				return nil
			})
			return errors.Join(err, final)
		}
	}
	return steps
}

// Booted waits until a node can be logged into: one that is a virtual machine takes its time.
type Booted struct{ Node string }

// Name says which.
func (b Booted) Name() string { return "wait for " + b.Node + " to have booted" }

// waitForBoot allows for a machine that is software, on a busy processor, and makes its host keys.
var waitForBoot = harness.Wait{For: "the SSH server to run", Interval: 200 * time.Millisecond, Limit: 5 * time.Minute}

// Steps wait.
func (b Booted) Steps() []harness.Step {
	return []harness.Step{{Name: b.Name(), Do: func(ctx context.Context, operator harness.Operator) error {
		return waitForBoot.Until(ctx, func(ctx context.Context) error { return run(ctx, operator, b.Node, "pidof", "sshd") })
	}}}
}
