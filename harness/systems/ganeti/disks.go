package ganeti

import "github.com/reprise-dr/reprise/harness"

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
	return order(r.Name(), r.Master, "gnt-instance", "replace-disks", which, r.Instance.Name)
}

// MissingDisk is how Ganeti refuses to replace disks of which one node has nothing at all, such as a node that was
// installed anew: they have to be activated before.
const MissingDisk = "disk not found\nDisks seem to be not properly activated. Try running activate-disks on the instance " +
	"before using replace-disks."

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
	return order(a.Name(), a.Master, "gnt-instance", "activate-disks", a.Instance.Name)
}
