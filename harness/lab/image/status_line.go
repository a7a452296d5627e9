package image

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// What is said of an image that the engine lacks, first and last.
const (
	imageWanted = "not in the engine"
	imageReady  = "ready"
)

// leftInterval is how often a line tells what is left where lines stay: a terminal shows every change in one place.
const leftInterval = 20 * time.Second

// leftWidth is how much of a line a terminal shows for certain.
const leftWidth = 118

// A StatusLine is a [Progress] for who waits for images: one line says how many are ready and what is done about the others.
type StatusLine struct {
	mu      sync.Mutex
	writer  io.Writer
	rewrite bool // the line is replaced
	order   []string
	doing   map[string]string
	ready   int
	told    time.Time
}

// NewStatusLine writes to w. On a terminal the line is rewritten; elsewhere one is added now and then, and whenever
// an image is ready.
func NewStatusLine(w io.Writer, terminal bool) *StatusLine {
	return &StatusLine{writer: w, rewrite: terminal, doing: map[string]string{}}
}

// Event takes a line about an image; others are left out.
func (l *StatusLine) Event(line string) {
	image, what, found := strings.Cut(line, ": ")
	if !found {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	before, known := l.doing[image]
	switch {
	case !known && what != imageWanted, before == imageReady:
		return
	case !known:
		l.order = append(l.order, image)
	case what == imageReady:
		l.ready++
		l.told = time.Time{}
	}
	l.doing[image] = what
	if now := time.Now(); l.rewrite || now.Sub(l.told) >= leftInterval {
		l.told = now
		l.tell()
	}
}

// End leaves the last line where it is.
func (l *StatusLine) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rewrite && len(l.order) > 0 {
		_, _ = io.WriteString(l.writer, "\n")
	}
}

// tell writes the line. Progress that nobody can read is no reason to stop.
func (l *StatusLine) tell() {
	line := fmt.Sprintf("images: %d of %d ready", l.ready, len(l.order))
	var left []string
	for _, image := range slices.DeleteFunc(slices.Clone(l.order), func(image string) bool { return l.doing[image] == imageReady }) {
		left = append(left, image+" ("+l.doing[image]+")")
	}
	if len(left) > 0 {
		line += "; left: " + strings.Join(left, ", ")
	}
	if !l.rewrite {
		_, _ = fmt.Fprintln(l.writer, line)
		return
	}
	if cut := []rune(line); len(cut) > leftWidth {
		line = string(cut[:leftWidth-1]) + "…"
	}
	_, _ = io.WriteString(l.writer, "\r\x1b[K"+line)
}
