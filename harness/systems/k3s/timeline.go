package k3s

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Change is something that happens to a node or a pod on the way from a loss to a recovery.
type Change string

// The changes that a recording notes, in the order in which a loss brings them about.
const (
	NodeUnready  Change = "node not Ready"
	NodeTainted  Change = "node tainted NoExecute"
	PodUnready   Change = "pod not Ready"
	PodEvicted   Change = "pod told to end"
	PodCreated   Change = "pod created"
	PodScheduled Change = "pod given a node"
	PodStarted   Change = "pod started"
	PodReady     Change = "pod Ready"
	PodGone      Change = "pod gone"
	NodeReady    Change = "node Ready"
	NodeUntaint  Change = "node untainted"
)

// A Moment is one change, seen once.
type Moment struct {
	At      time.Time // when the API told of it, on the harness's clock
	Change  Change
	Subject string // the node's or pod's name
	Node    string // that it happened on; "" when a pod has none yet
	Detail  string // a reason, or nothing
}

// A Timeline is what happened around the loss of a node.
type Timeline struct {
	Node string    // the node that was lost
	Lost time.Time // t0
	// Heartbeat is the last time the node's kubelet renewed its lease before it was lost, by the node's
	// clock; zero when none was seen.
	Heartbeat time.Time
	Moments   []Moment // in the order of At
}

// After is when the first such change came, counted from the loss: on the lost node for what can only happen
// there, anywhere for the pod that replaces another.
func (t Timeline) After(change Change) (time.Duration, bool) {
	for _, moment := range t.Moments {
		if moment.Change != change || moment.At.Before(t.Lost) {
			continue
		}
		onLost := moment.Node == t.Node
		if replacement := change == PodCreated || change == PodScheduled || change == PodStarted ||
			change == PodReady; replacement != onLost {
			return moment.At.Sub(t.Lost), true
		}
	}
	return 0, false
}

// String is one line per moment, with seconds from the loss.
func (t Timeline) String() string {
	var text strings.Builder
	line := func(at time.Time, what string) {
		fmt.Fprintf(&text, "%+9.3f s  %s\n", at.Sub(t.Lost).Seconds(), what)
	}
	if !t.Heartbeat.IsZero() {
		line(t.Heartbeat, t.Node+": last heartbeat")
	}
	told := false
	for _, moment := range t.Moments {
		if !told && !moment.At.Before(t.Lost) {
			line(t.Lost, t.Node+": lost")
			told = true
		}
		line(moment.At, moment.String())
	}
	if !told {
		line(t.Lost, t.Node+": lost")
	}
	return text.String()
}

// String says what happened, such as "canary-x: pod given a node (on agent-2)".
func (m Moment) String() string {
	text := m.Subject + ": " + string(m.Change)
	var more []string
	if m.Node != "" && m.Node != m.Subject {
		more = append(more, "on "+m.Node)
	}
	if m.Detail != "" {
		more = append(more, m.Detail)
	}
	if len(more) > 0 {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	return text
}

// lastBefore is the latest of the times that is not after the limit; zero when there is none.
func lastBefore(times []time.Time, limit time.Time) time.Time {
	var last time.Time
	for _, at := range times {
		if !at.After(limit) && at.After(last) {
			last = at
		}
	}
	return last
}

// sorted puts moments in order.
func sorted(moments []Moment) []Moment {
	slices.SortStableFunc(moments, func(a, b Moment) int { return a.At.Compare(b.At) })
	return moments
}
