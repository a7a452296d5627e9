package drbd

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// A Status is what one side knows of one replicated disk, in the kernel's words.
type Status struct {
	Connection string // such as "Connected", "WFConnection", "StandAlone", "SyncTarget"; "Unconfigured" when there is no disk
	Role, Peer string // "Primary", "Secondary" or "Unknown"
	Disk       string // "UpToDate", "Inconsistent", "Outdated", "Diskless", ...
	PeerDisk   string // likewise; "DUnknown" without a connection
	OutOfSync  int    // KiB that are known to differ from the peer's
}

// Unconfigured is the connection of a disk that was never brought up, such as one without meta data.
const Unconfigured = "Unconfigured"

// ParseStatus reads the first disk of /proc/drbd. A version without any disk is Unconfigured, as the kernel says
// of one that was taken down.
func ParseStatus(text string) (Status, error) {
	if !strings.HasPrefix(text, "version: ") {
		return Status{}, fmt.Errorf("read %s: it does not begin with a version: %.80q", statusFile, text)
	}
	status, found := Status{Connection: Unconfigured}, false
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) > 1 && strings.HasSuffix(words[0], ":") && strings.HasPrefix(words[1], "cs:") {
			if found {
				break // the next disk
			}
			found, words = true, words[1:]
		}
		if !found {
			continue
		}
		for _, word := range words {
			var err error
			if status, err = status.with(word); err != nil {
				return Status{}, fmt.Errorf("read %s: %w", statusFile, err)
			}
		}
	}
	return status, nil
}

// with takes in one word, such as "ro:Primary/Secondary". Those that nothing is known about are passed over.
func (s Status) with(word string) (Status, error) {
	name, value, _ := strings.Cut(word, ":")
	own, peer, two := strings.Cut(value, "/")
	switch name {
	case "cs":
		s.Connection = value
	case "ro", "ds":
		if !two {
			return s, fmt.Errorf("%q is not of two sides", word)
		}
		if name == "ro" {
			s.Role, s.Peer = own, peer
		} else {
			s.Disk, s.PeerDisk = own, peer
		}
	case "oos":
		amount, err := strconv.Atoi(value)
		if err != nil {
			return s, fmt.Errorf("%q is no number", word)
		}
		s.OutOfSync = amount
	}
	return s, nil
}

// String is such as "cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate".
func (s Status) String() string {
	if s.Connection == Unconfigured {
		return "cs:" + s.Connection
	}
	return fmt.Sprintf("cs:%s ro:%s/%s ds:%s/%s", s.Connection, s.Role, s.Peer, s.Disk, s.PeerDisk)
}

// InSync tells whether both sides are connected and have the same.
func (s Status) InSync() bool {
	return s.Connection == "Connected" && s.Disk == "UpToDate" && s.PeerDisk == "UpToDate"
}

// Primary tells whether this side may write.
func (s Status) Primary() bool { return s.Role == "Primary" }

// Look reads the status on the node itself, as somebody does who is logged in there.
func Look(ctx context.Context, observer harness.Observer, node string) (Status, error) {
	text, err := observer.ReadFile(ctx, node, statusFile)
	if err != nil {
		return Status{}, err
	}
	return ParseStatus(string(text))
}
