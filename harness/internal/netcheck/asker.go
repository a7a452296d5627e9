package netcheck

import (
	"context"
	"net"
	"sync"

	"github.com/reprise-dr/reprise/harness"
)

// Dial opens a connection, as [net.Dialer.DialContext] does. Network is "tcp" or "udp".
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// An Asker asks one question, as often as it is told to, several times at once if need be. The
// question can be changed meanwhile.
type Asker struct {
	dial Dial

	mu      sync.Mutex
	current *prepared
	closed  bool
}

// kind is a question of one kind with everything prepared that is the same each time.
type kind interface {
	ask(ctx context.Context) error
	close() error
}

// prepared is a question that may have been replaced while it was asked.
type prepared struct {
	kind
	asking int // how many wait for an answer
}

// New prepares the question. A nil dial is this machine's own network, which an echo needs: it goes
// through a raw socket, and New is an error where that is not permitted, or without an address.
func New(question harness.Question, dial Dial) (*Asker, error) {
	prepared, err := prepare(question, dial)
	if err != nil {
		return nil, err
	}
	return &Asker{dial: dial, current: prepared}, nil
}

func prepare(question harness.Question, dial Dial) (*prepared, error) {
	if err := question.Validate(); err != nil {
		return nil, err
	}
	var asker kind
	var err error
	switch connect := opener(dial); {
	case question.HTTP != nil:
		asker, err = newHTTP(*question.HTTP, connect)
	case question.TCP != nil:
		asker = newTCP(*question.TCP, connect)
	case question.DNS != nil:
		asker, err = newDNS(*question.DNS, connect)
	case question.Echo != nil:
		asker, err = newEcho(*question.Echo, dial)
	default:
		asker, err = newKernel(question, dial)
	}
	if err != nil {
		return nil, err
	}
	return &prepared{kind: asker}, nil
}

// Ask asks once, at the latest until ctx ends. Nil is a yes; any other answer is an error in words
// for a report, such as "connection refused" or "no answer in time".
func (a *Asker) Ask(ctx context.Context) error {
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return net.ErrClosed
	}
	question := a.current
	question.asking++
	a.mu.Unlock()
	defer a.finish(question)
	return question.ask(ctx)
}

// Change replaces the question. What was asked before is answered as before. After an error the old
// question stays.
func (a *Asker) Change(question harness.Question) error {
	next, err := prepare(question, a.dial)
	if err != nil {
		return err
	}
	a.mu.Lock()
	before := a.current
	unused := before.asking == 0
	a.current = next
	a.mu.Unlock()
	if unused {
		return before.close()
	}
	return nil
}

// finish counts an answer. A question that was replaced is closed with its last one.
func (a *Asker) finish(question *prepared) {
	a.mu.Lock()
	question.asking--
	last := question.asking == 0 && (a.closed || question != a.current)
	a.mu.Unlock()
	if last {
		_ = question.close() // a socket that was only read from has nothing to lose
	}
}

// Close gives back what the question holds, once the answers under way have come.
func (a *Asker) Close() error {
	a.mu.Lock()
	unused := !a.closed && a.current.asking == 0
	a.closed = true
	a.mu.Unlock()
	if unused {
		return a.current.close()
	}
	return nil
}

// stateless is a kind that holds nothing between two questions.
type stateless struct{}

func (stateless) close() error { return nil }
