package netcheck

import (
	"context"
	"net"
	"sync"

	"github.com/reprise-dr/reprise/harness"
)

// Dial opens a connection, as [net.Dialer.DialContext] does. Network is "tcp" or "udp".
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// A Checker asks one check, as often as it is told to, several times at once if need be. The
// check can be changed meanwhile.
type Checker struct {
	dial Dial

	mu      sync.Mutex
	current *prepared
	closed  bool
}

// kind is a check of one kind with everything prepared that is the same each time.
type kind interface {
	ask(ctx context.Context) error
	close() error
}

// prepared is a check that may have been replaced while it was asked.
type prepared struct {
	kind
	asking int // how many wait for an answer
}

// New prepares the check. A nil dial is this machine's own network, which an echo needs: it goes
// through a raw socket, and New is an error where that is not permitted, or without an address.
func New(check harness.Check, dial Dial) (*Checker, error) {
	prepared, err := prepare(check, dial)
	if err != nil {
		return nil, err
	}
	return &Checker{dial: dial, current: prepared}, nil
}

func prepare(check harness.Check, dial Dial) (*prepared, error) {
	if err := check.Validate(); err != nil {
		return nil, err
	}
	var checker kind
	var err error
	switch connect := opener(dial); {
	case check.HTTP != nil:
		checker, err = newHTTP(*check.HTTP, connect)
	case check.TCP != nil:
		checker = newTCP(*check.TCP, connect)
	case check.DNS != nil:
		checker, err = newDNS(*check.DNS, connect)
	case check.Ping != nil:
		checker, err = newEcho(*check.Ping, dial)
	default:
		checker, err = newKernel(check, dial)
	}
	if err != nil {
		return nil, err
	}
	return &prepared{kind: checker}, nil
}

// Check asks once, at the latest until ctx ends. Nil is a yes; any other answer is an error in words
// for a report, such as "connection refused" or "no answer in time".
func (a *Checker) Check(ctx context.Context) error {
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return net.ErrClosed
	}
	check := a.current
	check.asking++
	a.mu.Unlock()
	defer a.finish(check)
	return check.ask(ctx)
}

// Change replaces the check. What was asked before is answered as before. After an error the old
// check stays.
func (a *Checker) Change(check harness.Check) error {
	next, err := prepare(check, a.dial)
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

// finish counts an answer. A check that was replaced is closed with its last one.
func (a *Checker) finish(check *prepared) {
	a.mu.Lock()
	check.asking--
	last := check.asking == 0 && (a.closed || check != a.current)
	a.mu.Unlock()
	if last {
		_ = check.close() // a socket that was only read from has nothing to lose
	}
}

// Close gives back what the check holds, once the answers under way have come.
func (a *Checker) Close() error {
	a.mu.Lock()
	unused := !a.closed && a.current.asking == 0
	a.closed = true
	a.mu.Unlock()
	if unused {
		return a.current.close()
	}
	return nil
}

// stateless is a kind that holds nothing between two checks.
type stateless struct{}

func (stateless) close() error { return nil }
