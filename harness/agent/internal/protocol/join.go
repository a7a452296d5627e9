package protocol

import (
	"io"
	"net"
	"sync"
)

// Join makes one write of those to the stream that come at about the same time: each wakes everybody on the way to
// the other side, and the multiplexer alone makes two of every piece. The stream's end is known to Ended.
func Join(stream io.ReadWriteCloser) *Joined {
	j := &Joined{stream: stream}
	j.changed = sync.NewCond(&j.mu)
	go j.pass()
	return j
}

// A Joined is a stream whose writes return before they are done. What fails is returned by those that follow.
type Joined struct {
	stream io.ReadWriteCloser

	mu      sync.Mutex
	changed *sync.Cond
	waiting []byte
	ended   error
}

// joinedMost is how much may wait before a writer has to wait too.
const joinedMost = 256 << 10

// Read reads from the stream.
func (j *Joined) Read(p []byte) (int, error) {
	n, err := j.stream.Read(p)
	if err != nil {
		j.end(err)
	}
	return n, err
}

// Write takes the bytes.
func (j *Joined) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.waiting) > joinedMost && j.ended == nil {
		j.changed.Wait()
	}
	if j.ended != nil {
		return 0, j.ended
	}
	j.waiting = append(j.waiting, p...)
	j.changed.Broadcast()
	return len(p), nil
}

// Close closes the stream. What was not written yet is lost.
func (j *Joined) Close() error {
	j.end(net.ErrClosed)
	return j.stream.Close()
}

// Ended is why the stream has ended: the first error that it gave. Nil while it goes on.
func (j *Joined) Ended() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ended
}

func (j *Joined) end(why error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.ended == nil {
		j.ended = why
		j.changed.Broadcast()
	}
}

// pass writes what waits until the stream has ended.
func (j *Joined) pass() {
	var joined []byte
	for {
		j.mu.Lock()
		for len(j.waiting) == 0 && j.ended == nil {
			j.changed.Wait()
		}
		if j.ended != nil {
			j.mu.Unlock()
			return
		}
		joined, j.waiting = j.waiting, joined[:0]
		j.changed.Broadcast()
		j.mu.Unlock()
		if _, err := j.stream.Write(joined); err != nil {
			j.end(err)
		}
	}
}
