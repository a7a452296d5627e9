package fault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/reprise-dr/reprise/harness"
)

// probeFile is what a write is tried with, on the root itself: nothing else can be mounted there.
const probeFile = "/.reprise-probe"

// probeSize is more than what a file system may still find room for where no block is free.
const probeSize = 64 << 10

// planDisk says what keeps a fault from befalling the system disk of a node, before anything happens.
func planDisk(lab harness.Lab, fault harness.Fault, name string) error {
	if err := planNodes(lab, fault, name); err != nil {
		return err
	}
	if node, _ := lab.Topology().Node(name); node.System.SystemDisk == 0 {
		return fmt.Errorf("plan the %s: the system of %s has no disk of its own: see System.SystemDisk", fault.Describe(), name)
	}
	return nil
}

// strikeDisk has an action befall the system disk of a node.
func strikeDisk(ctx context.Context, lab harness.Lab, node string, action harness.DiskAction) (harness.Impact, error) {
	return lab.Apply(ctx, onEach([]string{node}, harness.Action{Disk: &action}))
}

// probe writes to the root of a node, as whoever is logged in there would, and takes it away again.
func probe(ctx context.Context, lab harness.Lab, node string) error {
	err := lab.WriteFile(ctx, node, harness.File{Path: probeFile, Mode: 0o600, Data: make([]byte, probeSize)})
	if err != nil {
		return err
	}
	return lab.RemoveFile(ctx, node, probeFile)
}

// confirmUnwritable proves that a write to the root of a node fails for one of the given reasons.
func confirmUnwritable(ctx context.Context, lab harness.Lab, node string, reasons ...syscall.Errno) (string, error) {
	err := probe(ctx, lab, node)
	if err == nil {
		return "", fmt.Errorf("the root of %s can still be written", node)
	}
	for _, reason := range reasons {
		if errors.Is(err, reason) {
			return fmt.Sprintf("a write to the root of %s fails: %s", node, reason), nil
		}
	}
	return "", fmt.Errorf("a write to the root of %s fails for another reason: %w", node, err)
}

// rootOptions are the options that the root of a node is mounted with, as the node shows them.
func rootOptions(ctx context.Context, lab harness.Lab, node string) (string, error) {
	list, err := lab.ReadFile(ctx, node, "/proc/mounts")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(list)) {
		if fields := strings.Fields(line); len(fields) > 3 && fields[1] == "/" {
			return fields[3], nil
		}
	}
	return "", fmt.Errorf("%w: a root in /proc/mounts of %s", fs.ErrNotExist, node)
}

// powerCycle switches a node off and on when its root cannot be written: what the kernel has given up it takes up
// again after a check of the disk only. A node that is off was thrown away, and one whose root can be written was
// repaired or installed anew: both are left alone.
func powerCycle(ctx context.Context, lab harness.Lab, node string) error {
	switch err := probe(ctx, lab, node); {
	case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EIO):
		return harness.JoinErrors(lab.PowerOff(ctx, node), lab.PowerOn(ctx, node))
	case errors.Is(err, syscall.ENOSPC):
		return nil // it can be written, but for the want of space
	default:
		return ignoreOff(err)
	}
}

// ignoreOff drops the error of a node without power.
func ignoreOff(err error) error {
	if errors.Is(err, harness.ErrOff) {
		return nil
	}
	return err
}
