package drbd

import (
	"context"
	"errors"
	"strings"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// noMetaData is what DRBD says of a disk that was never prepared for it.
const noMetaData = "No valid meta data found"

// asRefusal tells whether DRBD refused a disk for want of meta data, and returns the sentence.
func asRefusal(err error) (string, bool) {
	refused, ended := errors.AsType[*harness.CommandError](err)
	if !ended || !strings.Contains(refused.Output, noMetaData) {
		return "", false
	}
	return noMetaData, true
}

// promote makes a machine serve.
func promote(ctx context.Context, operator harness.Operator, node string) error {
	return steps(ctx, operator, node, admin("primary"), mount())
}

// Promote makes a machine primary and has it serve, as after the loss of the one that did.
func Promote(node string) harness.Runbook {
	return runbook.Of("promote "+node, harness.Step{
		Name: "drbdadm primary, mount on " + node,
		Do:   func(ctx context.Context, operator harness.Operator) error { return promote(ctx, operator, node) },
	})
}

// PowerOn switches a machine on again, which comes back as a secondary and gets what it has missed.
func PowerOn(node string) harness.Runbook {
	return runbook.Of("switch "+node+" on", harness.Step{
		Name: "switch " + node + " on",
		Do:   func(ctx context.Context, operator harness.Operator) error { return operator.PowerOn(ctx, node) },
	})
}

// DiscardStaleSide settles a split brain by hand, in the wiki's order: the stale side stops using the disk, becomes secondary and
// connects with --discard-my-data; the other one connects again if it has given up. All that was written on the stale
// side since the split is lost.
func (p Pair) DiscardStaleSide(stale string) harness.Runbook {
	survivor := p.Other(stale)
	return runbook.Of("discard what "+stale+" has",
		harness.Step{
			Name: "unmount and drbdadm secondary on " + stale,
			Do: func(ctx context.Context, operator harness.Operator) error {
				if err := unmount(ctx, operator, stale); err != nil {
					return err
				}
				return steps(ctx, operator, stale, admin("secondary"))
			},
		},
		harness.Step{
			Name: "drbdadm connect --discard-my-data on " + stale,
			Do: func(ctx context.Context, operator harness.Operator) error {
				return reconnect(ctx, operator, stale, "--discard-my-data")
			},
		},
		harness.Step{Name: "drbdadm connect on " + survivor, Do: func(ctx context.Context, operator harness.Operator) error {
			return reconnect(ctx, operator, survivor)
		}},
		harness.Step{Name: "wait until both have the same", Do: func(ctx context.Context, operator harness.Operator) error {
			return waitForSync.Until(ctx, func(ctx context.Context) error { return expect(ctx, operator, stale, Status.InSync) })
		}})
}

// unmount tries until no request is under way: a client's is enough for the file system to be busy.
func unmount(ctx context.Context, operator harness.Operator, node string) error {
	return waitForRequests.Until(ctx, func(ctx context.Context) error {
		return steps(ctx, operator, node,
			[]string{"umount", mountPoint})
	})
}

// reconnect has a side connect with the given options. One that waits for a connection has to give it up before it
// can be given others, and needs nothing when there are none.
func reconnect(ctx context.Context, operator harness.Operator, node string, options ...string) error {
	status, err := Look(ctx, operator, node)
	if err != nil {
		return err
	}
	if status.Connection != standing {
		if len(options) == 0 {
			return nil
		}
		if err := steps(ctx, operator, node, admin("disconnect")); err != nil {
			return err
		}
	}
	return steps(ctx, operator, node, admin(append([]string{"connect"}, options...)...))
}

// RecreateDisk writes new meta data onto a machine's empty disk and brings it up: everything is then copied from
// the other side.
func RecreateDisk(node string) harness.Runbook {
	return runbook.Of("re-create the disk of "+node,
		harness.Step{Name: "drbdadm create-md and up on " + node, Do: func(ctx context.Context, operator harness.Operator) error {
			return steps(ctx, operator, node, admin("create-md", "--force"), admin("up"))
		}},
		harness.Step{Name: "wait until all is copied", Do: func(ctx context.Context, operator harness.Operator) error {
			return waitForSync.Until(ctx, func(ctx context.Context) error {
				return expect(ctx, operator, node, func(status Status) bool { return status.InSync() && !status.Primary() })
			})
		}})
}
