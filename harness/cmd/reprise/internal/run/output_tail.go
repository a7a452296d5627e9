package run

import (
	"io"
	"strings"
	"sync"
)

const (
	// tailLines is how many lines of a suite's output its failure keeps.
	tailLines = 40
	// tailLineLength is how much of a line is kept: a suite that prints megabytes without an end of line must not fill the memory.
	tailLineLength = 2000
)

// A tail passes what is written on, and keeps its last lines.
type tail struct {
	to      io.Writer
	mu      sync.Mutex
	lines   []string
	current []byte
	cut     bool // the current line is longer than what is kept of it
}

func (t *tail) Write(data []byte) (int, error) {
	t.mu.Lock()
	for _, b := range data {
		switch {
		case b == '\n':
			t.end()
		case len(t.current) < tailLineLength:
			t.current = append(t.current, b)
		default:
			t.cut = true
		}
	}
	t.mu.Unlock()
	return t.to.Write(data)
}

// end keeps the current line.
func (t *tail) end() {
	line := string(t.current)
	if t.cut {
		line += " ... (cut)"
	}
	t.lines = append(t.lines, line)
	if len(t.lines) > tailLines {
		t.lines = t.lines[1:]
	}
	t.current, t.cut = t.current[:0], false
}

// text is the last lines, without empty ones around them.
func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.current) > 0 {
		t.end()
	}
	return strings.Trim(strings.Join(t.lines, "\n"), "\n")
}

// lastLines are those of a text.
func lastLines(text string, count int) string {
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}
