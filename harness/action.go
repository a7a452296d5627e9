package harness

import (
	"net/netip"
	"time"
)

// NodeActions are what is done to one node.
type NodeActions struct {
	Node    string   `json:"node"`
	Actions []Action `json:"actions"`
}

// An Action is one elementary change of a node, made by its agent as a system call next to the
// process. Exactly one field is set.
type Action struct {
	Readdress *Readdress  `json:"readdress,omitempty"`
	Signal    *Signal     `json:"signal,omitempty"`
	Link      *Link       `json:"link,omitempty"`
	Disk      *DiskAction `json:"disk,omitempty"`
	Drop      *Drop       `json:"drop,omitempty"`
}

// Readdress adds the new addresses to the interface that has the old ones, then removes the old.
type Readdress struct {
	From []netip.Prefix `json:"from"` // addresses with their prefix lengths
	To   []netip.Prefix `json:"to"`   // same order as From
}

// Signal sends a signal to processes of the node.
type Signal struct {
	Name string `json:"name"` // "KILL", "STOP", "CONT", "TERM", ...
	All  bool   `json:"all"`  // every process of the system; false: its main process only
	// Process names the processes that are meant, as the kernel does (/proc/PID/comm, up to 15 characters);
	// "" is the main process. All must be false then.
	Process string `json:"process,omitempty"`
}

// Drop has the node's kernel drop packets that reach it, before any process sees them. What is passed
// on for others comes from other addresses, and goes on. A boot does not lift it: it stands for the network.
type Drop struct {
	Lift     bool         `json:"lift,omitempty"`     // true: what was dropped so far comes through again
	Verify   bool         `json:"verify,omitempty"`   // true: nothing is changed; it is an error when it is not dropped any more
	From     []netip.Addr `json:"from"`               // who sent them; at least one
	Protocol uint8        `json:"protocol,omitempty"` // of IP, such as ProtocolVRRP; 0 means all
}

// ProtocolVRRP is the number by which IP knows VRRP, RFC 5798.
const ProtocolVRRP = 112

// Link takes all of the node's links down or up. Peers see silence, not a reset.
type Link struct {
	Up     bool `json:"up"`
	Verify bool `json:"verify,omitempty"` // true: nothing is changed; it is an error when they are not down any more
}

// An Impact is what the agents report of one simultaneous change.
type Impact struct {
	// Before is the harness's clock at the earliest moment any node was touched: t0.
	Before time.Time
	// Uncertainty bounds the error of Before: half the round trip of the clock comparison.
	Uncertainty time.Duration
	Effects     []Effect
}

// clockTolerance is how far outside of the call that made it a change may say that it was, beyond the uncertainty that it states.
const clockTolerance = 100 * time.Millisecond

// StruckWithin tells whether the change may have been made within a call that began and ended then: where it cannot, two clocks
// disagree.
func (s Impact) StruckWithin(called, returned time.Time) bool {
	tolerance := s.Uncertainty + clockTolerance
	return !s.Before.Before(called.Add(-tolerance)) && !s.Before.After(returned.Add(tolerance))
}

// An Effect is the report of one node.
type Effect struct {
	Node string `json:"node"`
	// Began and Done are offsets from the strike's Before.
	Began time.Duration `json:"began_ns"`
	Done  time.Duration `json:"done_ns"`
	// Call is the time from the fire call in the harness to Done.
	Call time.Duration `json:"call_ns"`
}

// Skew is the time between the first and the last node's beginning.
func (s Impact) Skew() time.Duration {
	var first, last time.Duration
	for i, effect := range s.Effects {
		if i == 0 || effect.Began < first {
			first = effect.Began
		}
		if i == 0 || effect.Began > last {
			last = effect.Began
		}
	}
	return last - first
}

// An Interruption is a stretch in which the measurement cannot be trusted.
type Interruption struct {
	From   time.Time
	Length time.Duration
	Reason string // "agent of nomad-1 did not get the processor"
}

// A DiskAction is what befalls the disk of a node's own, see [System.SystemDisk]. Exactly one field is set.
type DiskAction struct {
	// Abort makes the kernel give up the file system as it does after an error: it can be read and no longer
	// written, also through files that are open. Only a power cycle, with a check of the disk, lifts that.
	Abort bool `json:"abort,omitempty"`
	// Fill has one file take every free block, those reserved for root too: see [FillFile].
	Fill bool `json:"fill,omitempty"`
	// Cut makes most of the disk stop answering: what is not in memory fails to be read or written.
	Cut bool `json:"cut,omitempty"`
	// Mend ends a Cut: the disk answers again, with what was on it. What the kernel has concluded meanwhile
	// stays, such as an Abort of its own.
	Mend bool `json:"mend,omitempty"`
}

// FillFile is the file that takes every free block of a disk that was filled.
const FillFile = "/reprise-fill"
