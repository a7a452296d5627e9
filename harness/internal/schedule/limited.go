package schedule

import (
	"context"
	"sync"
	"time"
)

// limited is the context of one question. The contexts of the standard library start a timer each, which
// hundreds of questions in a second have no need of: the keeper's ends them all.
type limited struct {
	context.Context // its values
	deadline        time.Time
	ended           chan struct{}

	mu  sync.Mutex
	why error
}

func newLimited(parent context.Context, deadline time.Time) *limited {
	return &limited{Context: parent, deadline: deadline, ended: make(chan struct{})}
}

// Deadline is the end of the time limit.
func (l *limited) Deadline() (time.Time, bool) { return l.deadline, true }

// Done is closed when the question has been answered, or need not be any more.
func (l *limited) Done() <-chan struct{} { return l.ended }

// Err says why it is done.
func (l *limited) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.why
}

// End is done the first time only.
func (l *limited) end(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.why == nil {
		l.why = why
		close(l.ended)
	}
}
