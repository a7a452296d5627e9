package labtest

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/reprise-dr/reprise/harness"
)

// Mount lets a node have a disk mounted, until its power goes; "" unmounts it.
func (r *Lab) Mount(disk, point string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.mounted[disk] = point
}

// AttachDisk implements harness.Operator: what the provider refuses, it refuses in the same words.
func (r *Lab) AttachDisk(_ context.Context, disk, node string) error {
	return r.disks.Attach(disk, node, func(harness.Disk) error {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		r.note("attach disk %s to %s", disk, node)
		return nil
	})
}

// DetachDisk implements harness.Operator.
func (r *Lab) DetachDisk(_ context.Context, disk string) error {
	return r.disks.Detach(disk, func(_ harness.Disk, node string) error {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		if point := r.mounted[disk]; point != "" && !r.off[node] {
			return fmt.Errorf("detach disk %s from %s: it is still mounted at %s", disk, node, point)
		}
		delete(r.mounted, disk)
		r.note("detach disk %s from %s", disk, node)
		return nil
	})
}

// PowerOff implements harness.Operator.
func (r *Lab) PowerOff(_ context.Context, node string) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err := r.known(node); err != nil {
		return fmt.Errorf("power off %s: %w", node, err)
	}
	r.off[node] = true
	r.note("power off %s", node)
	if r.states[node].Running {
		r.halt(node, -1, "killed")
	}
	return nil
}

// PowerOn implements harness.Operator: a node that was switched off runs again, with nothing mounted.
func (r *Lab) PowerOn(ctx context.Context, node string) error {
	r.mutex.Lock()
	if err := r.known(node); err != nil {
		r.mutex.Unlock()
		return fmt.Errorf("power on %s: %w", node, err)
	}
	off := r.off[node]
	if off {
		delete(r.off, node)
		delete(r.unlinked, node)
		if errors.Is(r.diskStates[node], syscall.EROFS) { // the disk is checked
			delete(r.diskStates, node)
		}
		for _, disk := range r.disks.On(node) {
			delete(r.mounted, disk.Name)
		}
		r.note("power on %s", node)
	}
	r.mutex.Unlock()
	if !off {
		return nil
	}
	return r.Start(ctx, node)
}
