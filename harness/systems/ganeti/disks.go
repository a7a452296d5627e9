package ganeti

import "github.com/reprise-dr/reprise/harness"

// ReplaceDisks looks for volumes that are missing or broken of an instance whose disk is replicated by DRBD (-a), replaces
// those, and has them copied from the other node. It returns when all is copied.
func (s Session) ReplaceDisks(instance Instance) harness.Runbook {
	return s.order("replace the broken disks of "+instance.Name, "gnt-instance", "replace-disks", "-a", instance.Name)
}

// ReplaceSecondaryDisks does the same to all volumes of the node that the instance does not run on, whatever their state (-s).
func (s Session) ReplaceSecondaryDisks(instance Instance) harness.Runbook {
	return s.order("replace the secondary disks of "+instance.Name, "gnt-instance", "replace-disks", "-s", instance.Name)
}

// MissingDisk is how Ganeti refuses to replace disks of which one node has nothing at all, such as a node that was
// installed anew: they have to be activated before.
const MissingDisk = "disk not found\nDisks seem to be not properly activated. Try running activate-disks on the instance " +
	"before using replace-disks."

// ActivateDisks has an instance's disks assembled on both of its nodes. A node without the volumes gets a disk of DRBD's
// that is only known by the network, which is what can then be replaced.
func (s Session) ActivateDisks(instance Instance) harness.Runbook {
	return s.order("activate the disks of "+instance.Name, "gnt-instance", "activate-disks", instance.Name)
}
