package fault

import (
	"context"
	"fmt"
	"syscall"

	"github.com/reprise-dr/reprise/harness"
)

// DiskFull has one file ([harness.FillFile]) take every free block of a node's system disk, those reserved
// for root too. Reverting removes it, where nobody has: the node of one that is switched off is left alone.
type DiskFull struct {
	Node string
}

// Describe says whose disk.
func (d DiskFull) Describe() string {
	return fmt.Sprintf("full disk of %s: %s takes every free block of its system disk", d.Node, harness.FillFile)
}

// Inject fills the disk.
func (d DiskFull) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	if err := planDisk(lab, d, d.Node); err != nil {
		return nil, err
	}
	impact, err := strikeDisk(ctx, lab, d.Node, harness.DiskAction{Fill: true})
	return &Injection{
		Struck: impact,
		Prove: func(ctx context.Context) (string, error) {
			return confirmUnwritable(ctx, lab, d.Node, syscall.ENOSPC)
		},
		Lift: func(ctx context.Context) error { return ignoreOff(lab.RemoveFile(ctx, d.Node, harness.FillFile)) },
	}, err
}
