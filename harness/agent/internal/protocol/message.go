package protocol

import (
	"net/netip"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// LogBeginning is what the supervisor prints first.
const LogBeginning = "reprise: here the system's log begins"

// Version changes whenever a harness and an agent of different versions would misunderstand each
// other. It is also the version of the agent's image.
const Version = 3

// SystemSocket is where a node's supervisor listens: an abstract socket, which exists once per
// network namespace, needs no shared folder and leaves no file behind.
const SystemSocket = "@reprise-system"

// The lease is how an agent knows that the harness is there. See harness/adr/0017-a-starved-harness-is-not-a-dead-one.md.
const (
	// Lease bounds for how long a node outlives a harness that has died. The kernel closes the connections of a
	// process that ends, whatever ended it, and the engine closes the agent's stream then: that tells the agent, which
	// undoes the faults in force and exits at once.
	Lease = 15 * time.Second
	// Silence is for how long an agent goes on without a renewal while its stream is open, as when the harness or the
	// engine is starved or stopped. Only time in which the agent itself runs counts.
	Silence = 2 * time.Minute
	// RenewEvery is how often the harness renews.
	RenewEvery = time.Second
)

// The agent's requests.
const (
	PathHello        = "/hello"
	PathClock        = "/clock"
	PathRenew        = "/lease/renew"
	PathHold         = "/lease/hold"
	PathEnd          = "/end"
	PathConfigure    = "/network/configure"
	PathIsolate      = "/network/isolate"
	PathAddresses    = "/network/addresses"
	PathDial         = "/network/dial"
	PathAsk          = "/ask"
	PathUsage        = "/usage"
	PathWatchPackets = "/packets/watch"
	PathPackets      = "/packets/count"
	PathPrepare      = "/strike/prepare"
	PathFire         = "/strike/fire"
	PathUndo         = "/strike/undo"
	PathPowerOn      = "/power-on"
	PathTraits       = "/network/traits"
)

// The supervisor's requests.
const (
	PathStatus = "/status"
	PathLimits = "/limits"
	PathStart  = "/start"
	PathStop   = "/stop"
	PathExec   = "/exec"
	PathFile   = "/file" // GET, PUT and DELETE
	PathOff    = "/off"
	PathBoot   = "/boot"

	PathFingerprint = "/fingerprint"
	PathMentions    = "/mentions"

	PathInstallDisk = "/disk/install"
	PathAttachDisk  = "/disk/attach"
	PathDetachDisk  = "/disk/detach"
	PathReadyDisk   = "/disk/ready"
	PathStrikeDisk  = "/disk/strike"
	PathUndoDisk    = "/disk/undo"
)

// Folders of volumes in the system's container. Where the system has a disk of its own for a root, neither
// shows in that.
const (
	SystemDiskFolder = "/reprise-system-disk" // where the image of that disk is
	DisksFolder      = "/reprise-disks"       // where the images of the disks are that can be attached
)

// An Instant is a moment on the engine kernel's CLOCK_MONOTONIC, in nanoseconds. All nodes of an
// engine share that clock.
type Instant int64

// Nothing is a request or a reply without content.
type Nothing struct{}

// Hello is how an agent introduces itself.
type Hello struct {
	Version      int    `json:"version"`
	SystemSocket string `json:"system_socket"`
}

// Reading is what the clock showed while the request was there.
type Reading struct {
	Now Instant `json:"now"`
}

// Renewal extends the lease and asks for the interruptions that the harness has not heard of.
type Renewal struct {
	Known int `json:"known"` // how many it has heard of
}

// Renewed is the answer to a Renewal.
type Renewed struct {
	Now           Instant        `json:"now"`
	Interruptions []Interruption `json:"interruptions,omitempty"`
}

// An Interruption is a stretch in which the node's measurements cannot be trusted.
type Interruption struct {
	From   Instant       `json:"from"`
	Length time.Duration `json:"length_ns"`
	Reason string        `json:"reason"`
}

// Configuration is how the node's network is set up.
type Configuration struct {
	Addresses  []netip.Prefix `json:"addresses,omitempty"`
	Hosts      []byte         `json:"hosts,omitempty"`
	ResolvConf []byte         `json:"resolv_conf,omitempty"`
	Interfaces []Interface    `json:"interfaces,omitempty"`
	Routes     []Route        `json:"routes,omitempty"`
	KeepNames  bool           `json:"keep_names,omitempty"`
}

// Isolation names addresses of the machine that the engine runs on, one in each network of the node.
type Isolation struct {
	Gateways []netip.Addr `json:"gateways"`
}

// Isolated says why that machine stays within the node's reach.
type Isolated struct {
	Problem string `json:"problem,omitempty"` // "" when it does not
}

// Interface names the interface that has an address.
type Interface struct {
	Has  netip.Addr `json:"has"`
	Name string     `json:"name,omitempty"` // "" keeps the name it has
}

// Route is one that the node is given.
type Route struct {
	To  netip.Prefix `json:"to"`
	Via netip.Addr   `json:"via,omitzero"`
	// From takes the place of Via where there is no next hop: the node's address on the interface behind which To is.
	From netip.Addr `json:"from,omitzero"`
}

// CheckRequest is what to ask, and when. The stream it is asked over becomes one of batches of samples
// (package gob), and the other way of checks that replace the first (JSON).
type CheckRequest struct {
	Check    harness.Check    `json:"check"`
	Schedule harness.Schedule `json:"schedule"`
}

// A Sample is what became of one check.
type Sample struct {
	Due, Asked, Seen Instant
	Error            string // "": yes
}

// Usage is what the agent's process has used of its machine since it started.
type Usage struct {
	CPU        time.Duration `json:"cpu_ns"`
	PeakMemory int64         `json:"peak_memory"` // bytes
}

// Watch starts to count the packets that leave the lab.
type Watch struct {
	Lab []netip.Prefix `json:"lab"`
}

// Packets is what the watch has seen.
type Packets struct {
	Count    int      `json:"count"`
	Examples []string `json:"examples,omitempty"`
}

// NodeActions is what to prepare.
type NodeActions struct {
	Actions []harness.Action `json:"actions"`
}

// Prepared names a prepared action.
type Prepared struct {
	ID int `json:"id"`
}

// Fire carries out a prepared action.
type Fire struct {
	ID int     `json:"id"`
	At Instant `json:"at,omitempty"` // 0: now
}

// Stamps are the moments of an action.
type Stamps struct {
	Began Instant   `json:"began"` // before the first action
	After []Instant `json:"after"` // after each action
}

// Status is the state of a node's main process.
type Status struct {
	On       bool    `json:"on"` // false: the node has lost its power
	Running  bool    `json:"running"`
	PID      int     `json:"pid,omitempty"`
	Started  Instant `json:"started,omitempty"`
	Ended    Instant `json:"ended,omitempty"`
	ExitCode int     `json:"exit_code"`
	Signal   string  `json:"signal,omitempty"`
}

// LimitsReached says how often the kernel did something at a limit of the system's container.
type LimitsReached struct {
	MemoryKills      int `json:"memory_kills,omitempty"`      // it has killed for want of memory
	ProcessesRefused int `json:"processes_refused,omitempty"` // it has not started a process or thread
}

// Stop ends the main process.
type Stop struct {
	Signal  string        `json:"signal"` // "" means TERM
	Timeout time.Duration `json:"timeout_ns"`
	// Killed says that somebody has killed it already: it is only waited for, and an init system that starts
	// it again does.
	Killed bool `json:"killed,omitempty"`
}

// SystemDisk is a disk to put the system's root file system on.
type SystemDisk struct {
	Size int64 `json:"size"` // bytes
}

// Disk is one to attach or to detach.
type Disk struct {
	Name string `json:"name"`
	Size int64  `json:"size,omitempty"` // bytes; only to attach
}

// Command is what to run.
type Command struct {
	Argv []string `json:"argv"`
}

// Outcome is how a command ended.
type Outcome struct {
	ExitCode int    `json:"exit_code"` // -1 when a signal ended it
	Stdout   []byte `json:"stdout"`
	Output   []byte `json:"output"` // standard output and error, in about the order they came
}

// Inspection is where to look for traits, or for mentions of addresses.
type Inspection struct {
	Paths     []string     `json:"paths,omitempty"`
	Addresses []netip.Addr `json:"addresses,omitempty"`
}

// Traits are what one half of a node looks like, and what it cost to look.
type Traits struct {
	Traits []harness.Trait `json:"traits"`
	CPU    time.Duration   `json:"cpu_ns"`
}

// Mentions are the places that name an address.
type Mentions struct {
	Mentions   []harness.Mention `json:"mentions,omitempty"`
	Incomplete []string          `json:"incomplete,omitempty"` // what was not searched or is not told, in a sentence each
}
