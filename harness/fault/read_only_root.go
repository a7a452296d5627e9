package fault

import (
	"context"
	"fmt"
	"syscall"

	"github.com/reprise-dr/reprise/harness"
)

// ReadOnlyRoot has the kernel of a node find an error in the file system of its system disk: it can be
// read and no longer written. Files that are open for writing are no exception, and processes go on as
// far as they get without. Reverting cycles the power, which checks the disk, unless the node was switched
// off or installed anew since.
type ReadOnlyRoot struct {
	Node string
}

// Describe says whose root.
func (r ReadOnlyRoot) Describe() string {
	return fmt.Sprintf("read-only root of %s: its file system is given up after an error (ext4, errors=remount-ro)", r.Node)
}

// Inject aborts the file system.
func (r ReadOnlyRoot) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	if err := planDisk(lab, r, r.Node); err != nil {
		return nil, err
	}
	impact, err := strikeDisk(ctx, lab, r.Node, harness.DiskAction{Abort: true})
	return &Injection{
		Struck: impact,
		Prove:  func(ctx context.Context) (string, error) { return r.confirm(ctx, lab) },
		Lift:   func(ctx context.Context) error { return powerCycle(ctx, lab, r.Node) },
	}, err
}

// confirm tries to write. What the list of mounts says comes second: kernels disagree about how to spell it, and
// some do not say it at all.
func (r ReadOnlyRoot) confirm(ctx context.Context, lab harness.Lab) (string, error) {
	seen, err := confirmUnwritable(ctx, lab, r.Node, syscall.EROFS)
	if err != nil {
		return "", err
	}
	options, err := rootOptions(ctx, lab, r.Node)
	if err != nil {
		return "", fmt.Errorf("look at the mounts of %s: %w", r.Node, err)
	}
	return fmt.Sprintf("%s; it is mounted %s", seen, options), nil
}
