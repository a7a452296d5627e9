package harness

import (
	"crypto/rand"
	"encoding/json"
	"io/fs"
	"net/netip"
	"slices"
	"time"
)

// A Topology is the plain description of a cluster: its networks and its nodes. It says what the
// lab has to build and is printed into the record. Check it with [Topology.Validate].
type Topology struct {
	Name     string    // short name used in container names: letters, digits and dashes
	Networks []Network // at least one; nodes that name none are in the first
	Nodes    []Node
	Disks    []Disk // that can be attached to nodes and taken away from them; most topologies have none
	// why no lab can be made of the options that it was described with, in one sentence, such as "a store of 2 nodes cannot keep 3
	// copies"; "" when nothing is wrong with them. [Topology.Validate] says it before anything else
	Refused string
}

// A Network is one layer-2 segment with an IPv6 and an IPv4 prefix. It has no way out.
type Network struct {
	Name string
	IPv6 netip.Prefix // first choice of every node; required
	IPv4 netip.Prefix // required too: labs are dual stack
}

// A Node is a machine: an agent that owns its address, hostname and processes, and the system that
// runs on it. Losing or restarting the system never changes the address.
type Node struct {
	Name   string // unique; also the hostname, by which all nodes know each other: see [Topology.HostLines]
	Role   string // what faults and runbooks select by, such as "nomad-server"
	IPv6   netip.Addr
	IPv4   netip.Addr
	System System // the zero System is a node with an agent only, such as the observer

	Network   string       // the one that IPv6 and IPv4 are in; "" means the topology's first
	Interface string       // what the node calls its interface there; "" keeps the engine's name
	Further   []Attachment // the other networks that it has a foot in
	Routes    []Route      // to networks that it has no foot in
	Forwards  bool         // true: it is a router, and passes on packets that are for others
	// true: it is elsewhere on the internet, at an address that no renumbering of the others changes, such as a registrar's name
	// server. The others of its network reach it, and it reaches them, whatever prefix they move into, as the observer does.
	// It is in one network
	Outside bool

	// nodes that are ready before this one's system is started, as the lab comes up: see [System.Ready]. A boot later than
	// that waits for nobody
	After []string
}

// AgentPath is where every system's container has the agent's program, which also is a small HTTP server
// (reprise-agent canary -listen=ADDRESS) and a service with outages on order (reprise-agent cuts).
const AgentPath = "/reprise/reprise-agent"

// A System is the product under test on one node: an unmodified image and how to start it.
// Its command is started and stopped as an init system would, so that what the product itself
// started (a job's process) outlives a restart of the product.
type System struct {
	Image       Image
	Command     []string          // argv of the main process; nil: the image's own entrypoint and command
	User        string            // who the main process runs as, such as "app" or "101:101"; "": the image's. All else is root's
	Environment map[string]string // added to the image's own
	// what its files, its environment or its operators have that nobody may read in a record, a report or on a terminal. Several
	// systems may share one, such as the token of a cluster
	Secrets []Secret
	Files   []File // written before the first start
	// written likewise, but not again when the system is installed anew: what only the machine has that the lab begins with
	SeedFiles []File
	// the Linux capabilities that the system needs, and what for. It has no others: see [Topology.CapabilitiesOf]
	Capabilities Capabilities
	// why programs of the system must gain privileges when they are started, as sudo does, in a few words; "": none can
	// (no-new-privileges)
	NewPrivileges string
	Cgroups       bool // true: the system manages cgroups of its own below its container's
	// true: the system runs containers of its own, as k3s does; see agent.SuperviseEntrypoint for what that takes
	Containers bool
	// folders on a disk of their own, such as "/var/lib/rancher": a container's own root cannot carry another overlay
	Volumes []string
	// bytes of a disk of the node's own that its root file system (ext4, errors=remount-ro) is put on; 0: its container's
	// root. See [MinimumSystemDisk]
	SystemDisk int64
	// argv that a command is put behind to run it in a machine within the node, such as a virtual machine; see
	// [System.Virtual]
	GuestExec []string
	// true: it runs virtual machines, and gets /dev/kvm where the engine is on this machine and has it; else they are software
	// all through
	Hypervisor  bool
	Limits      Limits        // of memory, processes and log; the zero Limits are defaults that suit most
	StopTimeout time.Duration // from SIGTERM (or StopSignal) to SIGKILL; 0 means 10 s
	// the init system starts a main process again that has ended without being stopped, after this long; 0: it does not
	Restart    time.Duration
	StopSignal string // the signal that asks the main process to end; "" means TERM
	// argv of a command of the operator's that exits with 0 when the system is ready, such as "pg_isready". A lab that comes up
	// tries it for 5 minutes at most; nil: the system is ready as soon as its main process was started
	Ready    []string
	Versions map[string]string // product -> version, copied into the record
}

// Exists tells whether the node runs a system at all: the zero System is a node with an agent only.
func (s System) Exists() bool { return s.Image.Name != "" || len(s.Command) > 0 }

// Virtual tells whether the system is a machine within the node: its main process is that machine's hardware. The
// operator's commands and files are those inside; Files, Command, logs and what faults kill are the node's. See
// harness/adr/0012-guests.md.
func (s System) Virtual() bool { return len(s.GuestExec) > 0 }

// CapabilitiesOf are all the capabilities of a node's system: those that its description names, and those that the lab itself
// needs there for what else the description asks of it. The container has no others.
func (t Topology) CapabilitiesOf(node Node) Capabilities {
	system := node.System
	needed := system.Capabilities.With()
	if !isRoot(system.User) {
		needed = needed.With(Capabilities{
			"SETUID": "the lab starts its main process as another user", "SETGID": "the lab starts its main process as another user",
			"KILL":         "the lab stops the main process of another user",
			"CHOWN":        "the lab gives its output, and files that it replaces, to the other user",
			"DAC_OVERRIDE": "the lab reads, writes and removes the other user's files",
			"FOWNER":       "the lab reads, writes and removes the other user's files",
		})
	}
	if system.SystemDisk > 0 {
		needed = needed.With(Capabilities{
			"SYS_CHROOT":   "the lab makes the system's disk its root",
			"DAC_OVERRIDE": "the lab copies the files of all users onto the system's disk",
		})
	}
	if system.SystemDisk > 0 || len(t.Disks) > 0 && system.TakesDisks() {
		needed = needed.With(Capabilities{"MKNOD": "the lab makes the devices of its disks"})
	}
	if system.Cgroups {
		needed = needed.With(Capabilities{"SYS_ADMIN": "the lab makes its cgroups writable"})
	}
	return needed
}

// isRoot tells whether a main process stays what the supervisor is; "" is the image's own user, of whom only the lab knows.
func isRoot(user string) bool { return user == "" || user == "root" || user == "0" }

// What a system may take whose topology does not say how much: see [Limits].
const (
	DefaultMemory    = 1 << 30  // bytes
	DefaultProcesses = 2048     // and threads
	DefaultLog       = 32 << 20 // bytes
)

// The smallest limits: the supervisor's own memory and threads, and pieces of a log that hold a line.
const (
	MinimumMemory    = 32 << 20 // bytes
	MinimumProcesses = 64
	MinimumLog       = 64 << 10 // bytes
)

// Limits are how much of the engine's machine a node's system may take. They bound what goes wrong and reserve nothing. A drill
// in which one of memory or processes was reached is inconclusive: no fault did that.
type Limits struct {
	// bytes of memory, of which what is in the files of /run and /tmp is a part; there is no swap. The kernel kills a process
	// of a system that needs more. 0: [DefaultMemory]; else at least [MinimumMemory]
	Memory int64
	// processes and threads at a time; no more can be started then. 0: [DefaultProcesses]; else at least [MinimumProcesses]
	Processes int64
	// bytes of what the system prints that the engine keeps, as it keeps them; the oldest half goes when there are more, and
	// the log and the record say so. 0: [DefaultLog]; else at least [MinimumLog]
	Log int64
}

// OrDefault are the limits in force: defaults stand where nothing is said.
func (l Limits) OrDefault() Limits {
	for _, limit := range []struct {
		of           *int64
		defaultValue int64
	}{{&l.Memory, DefaultMemory}, {&l.Processes, DefaultProcesses}, {&l.Log, DefaultLog}} {
		if *limit.of == 0 {
			*limit.of = limit.defaultValue
		}
	}
	return l
}

// A File is written into a system before it starts.
type File struct {
	Path string      // absolute, inside the system
	Mode fs.FileMode // 0 means 0644
	Data []byte
}

// Selected tells which nodes have the role; the empty role selects every node that runs a system.
func (t Topology) Selected(role string) []Node {
	var nodes []Node
	for _, node := range t.Nodes {
		if role == node.Role || role == "" && node.System.Exists() {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// Node finds a node by its name.
func (t Topology) Node(name string) (Node, bool) {
	for _, node := range t.Nodes {
		if node.Name == name {
			return node, true
		}
	}
	return Node{}, false
}

// UnknownNode is the error of a name that is no node's.
func (t Topology) UnknownNode(name string) *UnknownNameError {
	unknown := &UnknownNameError{Kind: "node", Name: name}
	for _, node := range t.Nodes {
		unknown.Known = append(unknown.Known, node.Name)
	}
	return unknown
}

// UnknownDisk is the error of a name that is no disk's.
func (t Topology) UnknownDisk(name string) *UnknownNameError {
	unknown := &UnknownNameError{Kind: "disk", Name: name}
	for _, disk := range t.Disks {
		unknown.Known = append(unknown.Known, disk.Name)
	}
	return unknown
}

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
	return s.Exists() && s.Capabilities.Has(diskCapability)
}

// MinimumSecret is how many bytes a secret has at least: striking out a shorter text would destroy what it is part of by chance.
const MinimumSecret = 8

// A Secret is a text that must not be read in a record, a log, a report or on a terminal, such as a password: there
// [Secret.Mark] stands in its place. [System.Secrets] names those of a system. Printed in any way it is its mark; whoever needs
// the text takes the Value, or asks [Secret.In].
type Secret struct {
	Name string // unique in the topology: letters, digits and dashes
	// at least [MinimumSecret] bytes of UTF-8; "" for who knows the name alone and asks the topology for the rest
	Value string
}

// NewSecret draws the value of a secret: 26 letters and digits, 130 bits. It is not drawn from a drill's seed, which is printed
// so that the drill can be repeated, and would tell the secret to everybody.
func NewSecret(name string) Secret { return Secret{Name: name, Value: rand.Text()} }

// In is the value of the secret; where that is not known, the one of that name in the topology. A secret without a name and a
// value is none, and "". One that the topology does not have is an error that names those it has.
func (s Secret) In(topology Topology) (string, error) {
	if s.Value != "" || s.Name == "" {
		return s.Value, nil
	}
	var known []string
	for _, secret := range topology.Secrets() {
		if secret.Name == s.Name {
			return secret.Value, nil
		}
		known = append(known, secret.Name)
	}
	return "", &UnknownNameError{Kind: "secret", Name: s.Name, Known: known}
}

// Mark is what stands in the place of the secret wherever it is struck out.
func (s Secret) Mark() string { return "[secret: " + s.Name + "]" }

// String is the mark.
func (s Secret) String() string { return s.Mark() }

// GoString is the mark.
func (s Secret) GoString() string { return s.Mark() }

// MarshalJSON writes the mark.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.Mark()) }

// Secrets are those of all systems, each once, in the order of the description.
func (t Topology) Secrets() []Secret {
	var secrets []Secret
	for _, node := range t.Nodes {
		for _, secret := range node.System.Secrets {
			if !slices.Contains(secrets, secret) {
				secrets = append(secrets, secret)
			}
		}
	}
	return secrets
}
