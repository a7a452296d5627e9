package lab

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/words"
	"github.com/reprise-dr/reprise/harness/lab/image"
)

// Live shows the nodes of a lab on a terminal, a line each that changes in place, and prints other
// events above them. When every node is up the lines stay, as a record of how long each took.
func Live(w io.Writer) image.Progress {
	return &live{writer: w, began: map[string]time.Time{}, states: map[string]string{}}
}

// nodeProgress is the part of a Progress that can show nodes apart from other events.
type nodeProgress interface {
	node(name, state string)
}

type live struct {
	mu     sync.Mutex
	writer io.Writer
	order  []string
	began  map[string]time.Time
	states map[string]string
	drawn  int // node lines on the screen below the last event
}

// Event prints a line above the nodes.
func (l *live) Event(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.redraw(words.EscapedLines(line) + "\n")
}

// node changes a node's line. A node that begins again after all were up begins a new lab: the old
// lines are left where they are.
func (l *live) node(name, state string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if state == stateCreating && l.finished() {
		l.order, l.drawn = nil, 0
		clear(l.states)
		clear(l.began)
	}
	if !slices.Contains(l.order, name) {
		l.order = append(l.order, name)
		l.began[name] = time.Now()
	}
	l.states[name] = fmt.Sprintf("%-12s %5.1f s", state, time.Since(l.began[name]).Seconds())
	l.redraw("")
}

func (l *live) finished() bool {
	for _, name := range l.order {
		if !strings.HasPrefix(l.states[name], stateUp) {
			return false
		}
	}
	return true
}

// redraw goes back to the first node line, prints what comes above it, and the nodes again.
func (l *live) redraw(above string) {
	var screen strings.Builder
	if l.drawn > 0 {
		fmt.Fprintf(&screen, "\x1b[%dA\x1b[J", l.drawn)
	}
	screen.WriteString(above)
	for _, name := range l.order {
		fmt.Fprintf(&screen, "  %-12s %s\n", name, l.states[name])
	}
	l.drawn = len(l.order)
	_, _ = io.WriteString(l.writer, screen.String()) // progress nobody can read is no reason to stop
}

// The states of a node on its way up.
const (
	stateCreating   = "creating"
	stateInstalling = "installing"
	stateWaiting    = "waiting" // for the nodes that its system is started after
	stateUp         = "up"
)
