package image

import (
	"io"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// silenceLimit is how long a build or a pull may say nothing before that is told.
const silenceLimit = time.Minute

// A silence is a watch over something that may take as long as it needs: it says when nothing is heard of it.
type silence struct {
	mu    sync.Mutex
	timer *time.Timer
	last  time.Time // something was heard
	over  bool
}

// tellSilence begins to watch; who is what the sentence begins with.
func (r *resolver) tellSilence(image harness.Image, who string) *silence {
	s := &silence{last: time.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = time.AfterFunc(silenceLimit, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.over {
			return
		}
		r.say(image, "%s has said nothing for %v", who, time.Since(s.last).Round(time.Second))
		s.timer.Reset(silenceLimit)
	})
	return s
}

func (s *silence) heard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
	s.timer.Reset(silenceLimit)
}

func (s *silence) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.timer.Stop()
}

// heardOf passes on what is read and hears every bit of it.
func (s *silence) heardOf(reader io.Reader) io.Reader { return hearingReader{reader, s} }

type hearingReader struct {
	io.Reader
	silence *silence
}

// Read is that of the reader.
func (h hearingReader) Read(data []byte) (int, error) {
	n, err := h.Reader.Read(data)
	if n > 0 {
		h.silence.heard()
	}
	return n, err
}
