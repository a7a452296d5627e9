package image

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/words"
)

// progressInterval is how often something that takes long says that it is still alive.
const progressInterval = 5 * time.Second

// Progress is told what happens, one line per event, such as
// "nomad 1.11.3: compiling (2m10s, 812 packages)". It may be called from several goroutines at once.
type Progress interface {
	Event(line string)
}

// Plain writes one line per event to w, which suits a log as well as a terminal.
func Plain(w io.Writer) Progress { return &plain{writer: w} }

type plain struct {
	mu     sync.Mutex
	writer io.Writer
}

// Event writes the line. Progress nobody can read is no reason to stop, so a write error is dropped.
func (p *plain) Event(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = fmt.Fprintln(p.writer, words.EscapedLines(line)) // what an engine says may have what a terminal obeys
}

// repeat calls report with the time elapsed, at once and then every interval, until stop is called.
// After stop has returned report is not called again.
func repeat(interval time.Duration, report func(elapsed time.Duration)) (stop func()) {
	started, done, ended := time.Now(), make(chan struct{}), make(chan struct{})
	report(0)
	go func() {
		defer close(ended)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				report(time.Since(started).Round(time.Second))
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}
