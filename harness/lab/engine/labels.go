package engine

// The labels of everything a lab creates: containers, networks and volumes. Cleaning up goes by
// them, so what does not carry LabelLab is never touched.
const (
	LabelLab  = "io.reprise.lab"  // identifier of the lab, of which each start of a topology has its own
	LabelRun  = "io.reprise.run"  // the run that the lab belongs to: the name of its folder in reports/out
	LabelNode = "io.reprise.node" // name of the node in the topology; networks have none
)

// LabelImage is a label of every image that is built, and so of the containers that are made from it: the image's name, such
// as "nomad".
const LabelImage = "io.reprise.image"
