package harness

import (
	"fmt"
	"slices"
)

// The smallest disks, in bytes: ext4 needs room for a journal, and a system for itself.
const (
	MinimumDisk       = 1 << 20
	MinimumSystemDisk = 64 << 20
)

// diskBlock is what a disk's size is a multiple of: a page, so that no end of one is out of reach.
const diskBlock = 4 << 10

// diskCapability is what a node needs to have disks: it mounts them.
const diskCapability = "SYS_ADMIN"

// A Disk is one that the provider can attach to a machine and take away from it, with what is on it. It
// begins empty: no file system, nothing but zeros.
type Disk struct {
	Name string // unique among the topology's disks
	Size int64  // in bytes, a multiple of 4096; at least MinimumDisk
	Node string // where it is attached at first; "" nowhere
}

// Path is the block device that the disk shows as on the node it is attached to.
func (d Disk) Path() string { return "/dev/disk/by-id/" + d.Name }

// Disk finds a disk by its name.
func (t Topology) Disk(name string) (Disk, bool) {
	at := slices.IndexFunc(t.Disks, func(disk Disk) bool { return disk.Name == name })
	if at < 0 {
		return Disk{}, false
	}
	return t.Disks[at], true
}

// TakesDisks tells whether disks can be attached to the system's node.
func (s System) TakesDisks() bool {
	return s.Exists() && slices.Contains(s.Capabilities, diskCapability)
}

func (t Topology) validateDisks() error {
	for i, disk := range t.Disks {
		if err := validName("a disk", disk.Name); err != nil {
			return err
		}
		if slices.ContainsFunc(t.Disks[:i], func(other Disk) bool { return other.Name == disk.Name }) {
			return fmt.Errorf("two disks are named %s", disk.Name)
		}
		if err := validSize("disk "+disk.Name, disk.Size, MinimumDisk); err != nil {
			return err
		}
		if disk.Node == "" {
			continue
		}
		if err := t.validateCarrier(disk.Name, disk.Node); err != nil {
			return err
		}
	}
	return nil
}

func (t Topology) validateCarrier(disk, name string) error {
	node, ok := t.Node(name)
	switch {
	case !ok:
		return fmt.Errorf("disk %s is attached to node %q, which topology %s does not have", disk, name, t.Name)
	case !node.System.TakesDisks():
		return fmt.Errorf("disk %s is attached to node %s, whose system lacks the capability %s, without which nothing can be mounted",
			disk, name, diskCapability)
	}
	return nil
}

func (s System) validateSystemDisk(node string) error {
	if s.SystemDisk == 0 {
		return nil
	}
	if err := validSize("the system disk of node "+node, s.SystemDisk, MinimumSystemDisk); err != nil {
		return err
	}
	switch {
	case !slices.Contains(s.Capabilities, diskCapability):
		return fmt.Errorf("node %s has a system disk and lacks the capability %s, without which nothing can be mounted", node,
			diskCapability)
	case s.Containers:
		return fmt.Errorf("node %s has a system disk and runs containers of its own: the two cannot be combined", node)
	}
	return nil
}

func validSize(what string, size, minimum int64) error {
	switch {
	case size < minimum:
		return fmt.Errorf("%s has %d bytes: it needs at least %d", what, size, minimum)
	case size%diskBlock != 0:
		return fmt.Errorf("%s has %d bytes, which is no multiple of %d", what, size, diskBlock)
	}
	return nil
}
