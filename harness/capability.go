package harness

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// An Observer looks and changes nothing. Probes get one: what they cannot do by type, a probe
// cannot do by accident.
type Observer interface {
	// Topology is the cluster as it was described, with the addresses of peace time: the operator's
	// documentation, which a fault does not update.
	Topology() Topology
	// Addresses are the addresses the node has now, as `ip addr` on the node would show them.
	Addresses(node string) (Addresses, error)
	// Dial opens a connection from a node, as seen from inside its network namespace: use
	// [VantageObserver] to be a client across the network, a node's own name with a loopback address
	// to be an operator logged in there. Network is "tcp", "tcp4", "tcp6", "udp", "udp4" or "udp6".
	Dial(ctx context.Context, from, network, address string) (net.Conn, error)
	// StartCheck has the agent of a node carry the check out by the schedule until ctx ends, and hands the
	// samples over as they stream in: every one once, in the order of the schedule, on one
	// goroutine, on the harness's clock. It returns when the agent has begun. When the stream breaks
	// the samples end; the agent's node is gone then, or cannot be reached any more.
	StartCheck(ctx context.Context, from string, check Check, schedule Schedule, samples func([]Sample)) (CheckStream, error)
	// ReadFile reads a file of the node's system. A missing file is fs.ErrNotExist.
	ReadFile(ctx context.Context, node, path string) ([]byte, error)
	// Log returns what the node's system has printed since the given time, oldest line first, without the topology's secrets.
	Log(ctx context.Context, node string, since time.Time) ([]LogLine, error)
	// Status tells whether the node's system runs, and how it ended when it does not.
	Status(ctx context.Context, node string) (SystemStatus, error)
	// Fingerprint says what the node looks like now: packages, files, users, processes, sockets, firewall,
	// network, ... Besides /etc and /usr/local it looks at the paths. One that cannot be read is an error
	// that names the node and the path, and so are more than 20,000 files below one path and a node without power.
	Fingerprint(ctx context.Context, node string, paths ...string) (Fingerprint, error)
	// Mentions lists what names one of the addresses on the node: text files below /etc, /usr/local and
	// the paths, arguments and environments of processes, sockets in any state. A path that is not there is no error;
	// what was not searched, such as a very long text, is one beside what was found.
	Mentions(ctx context.Context, node string, addresses []netip.Addr, paths ...string) ([]Mention, error)
}

// A CheckStream is a check that an agent carries out at a fixed rate.
type CheckStream interface {
	// Change replaces the check; the schedule goes on. Answers to the old one may still come.
	Change(check Check) error
	// Done is closed when no more samples will come.
	Done() <-chan struct{}
}

// VantageObserver is the name of the node that stands for the clients of the service: it has a
// foot in every prefix and runs no system. Every lab has it.
const VantageObserver = "observer"

// A LogLine is one line a system printed.
type LogLine struct {
	At   time.Time
	Text string
}

// LogDelay is how much older than the start of a process its first log lines may look: the two
// times are read from different clocks of the same machine.
const LogDelay = time.Second

// SystemStatus is the state of a node's main process.
type SystemStatus struct {
	Running  bool
	PID      int       // in the node's PID namespace; 0 when not running
	Started  time.Time // of the last start
	ExitCode int       // of the last end; -1 when a signal ended it
	Signal   string    // the signal that ended it, such as "killed"; "" otherwise
	Ended    time.Time // zero while running
}

// An Operator can do what SSH, sudo and the provider's power button allow. Runbooks get one.
type Operator interface {
	Observer
	// Exec runs a command in the node's system and returns its standard output. An exit code other
	// than 0 is a *CommandError.
	Exec(ctx context.Context, node string, argv ...string) ([]byte, error)
	// WriteFile replaces a file of the node's system, parents included. It works while the system is stopped.
	WriteFile(ctx context.Context, node string, file File) error
	// RemoveFile removes a file of the node's system. A missing file is no error.
	RemoveFile(ctx context.Context, node, path string) error
	// Stop asks the node's main process to end, as an init system would, and kills it after the
	// system's StopTimeout. Processes it has started on purpose to outlive it go on.
	Stop(ctx context.Context, node string) error
	// Start starts the node's main process.
	Start(ctx context.Context, node string) error
	// PowerOn presses the power button of a node that is off: its links come up, its system starts.
	// It is no error on a node that is on.
	PowerOn(ctx context.Context, node string) error
	// PowerOff holds the power button: the node's links go down, then every process is killed. What it had
	// not written to disks of its own is lost. It is no error on a node that is off.
	PowerOff(ctx context.Context, node string) error
	// Reinstall has the provider put a fresh operating system on the node, disks wiped, and boots it.
	// It keeps its name and its addresses, and has the files that its topology gives it, but for [System.SeedFiles].
	Reinstall(ctx context.Context, node string) error
	// AttachDisk has the provider attach a disk of the topology to the node, with what is on it. It shows
	// there as [Disk.Path], not mounted. A disk that is attached to another node is an error.
	AttachDisk(ctx context.Context, disk, node string) error
	// DetachDisk has the provider take a disk away from the node it is attached to. One that a node with
	// power has mounted, or uses otherwise, is an error. It is no error when the disk is attached nowhere.
	DetachDisk(ctx context.Context, disk string) error
}

// A Lab can do what only the container engine and the agents can. Faults get one.
type Lab interface {
	Operator
	// Apply prepares the actions on every named node, fires them together at one agreed instant,
	// and returns when the last one is done. Actions of one node run in order.
	Apply(ctx context.Context, nodeActions []NodeActions) (Impact, error)
	// Interruptions are the moments since the lab started in which a measurement could not be
	// trusted: an agent or the harness that did not get the processor, a clock that stepped.
	Interruptions() []Interruption
	// Losses are the parts of the lab itself that are gone: the agent of a node, the engine. No fault takes one. They are
	// told in the same words as long as the lab lasts.
	Losses(ctx context.Context) []Loss
	// Shortages say in a sentence each what the lab itself is out of at the moment, such as space on the engine's disk.
	Shortages(ctx context.Context) []string
}

// A Loss is a part of the lab that is gone.
type Loss struct {
	Part string // "the agent of nomad-1", "the container engine"
	Why  string // "" when that is not known
}

// String says it in a sentence.
func (l Loss) String() string {
	if l.Why == "" {
		return l.Part + " is gone"
	}
	return l.Part + " is gone (" + l.Why + ")"
}
