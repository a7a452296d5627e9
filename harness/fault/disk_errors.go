package fault

import (
	"context"
	"fmt"
	"syscall"

	"github.com/reprise-dr/reprise/harness"
)

// DiskErrors has all but the first quarter of a node's system disk stop answering: what is there and not in
// memory cannot be read, and nothing can be written for good, because the file system's journal is there too.
// The kernel comes to the conclusion that [ReadOnlyRoot] begins with as soon as somebody writes. Reverting has
// the disk answer again, and cycles the power where the root cannot be written all the same.
type DiskErrors struct {
	Node string
}

// Describe says whose disk.
func (d DiskErrors) Describe() string {
	return fmt.Sprintf("disk errors of %s: three quarters of its system disk answer with input/output errors", d.Node)
}

// Inject cuts the disk off.
func (d DiskErrors) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	if err := planDisk(lab, d, d.Node); err != nil {
		return nil, err
	}
	impact, err := strikeDisk(ctx, lab, d.Node, harness.DiskAction{Cut: true})
	return &Injection{
		Struck: impact,
		Prove: func(ctx context.Context) (string, error) {
			return confirmUnwritable(ctx, lab, d.Node, syscall.EIO, syscall.EROFS)
		},
		Lift: func(ctx context.Context) error { return d.revert(ctx, lab) },
	}, err
}

func (d DiskErrors) revert(ctx context.Context, lab harness.Lab) error {
	_, err := strikeDisk(ctx, lab, d.Node, harness.DiskAction{Mend: true})
	return harness.JoinErrors(err, powerCycle(ctx, lab, d.Node))
}
