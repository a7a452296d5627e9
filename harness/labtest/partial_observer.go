package labtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/schedule"
)

// A condition is what a part finds the machines in through a [partialObserver].
type condition int

const (
	whole  condition = iota // everything is as it is
	gone                    // connections are refused, and no node can be asked
	silent                  // nothing answers until the context ends
	losing                  // connections break off after some answers, and what was sent is there all the same
)

// A partialObserver is the observer that a part under test gets. It is an Observer and no more, whatever the machines are, and
// decides what the part finds. What was connected through it ends when the machines are gone.
type partialObserver struct {
	harness.Observer
	closed chan struct{} // ends what is silent, whatever its context

	mutex       sync.Mutex
	condition   condition
	answers     int // that still arrive, while losing
	asked       int // calls since the last change
	connections map[*partialConnection]bool
}

func newPartialObserver(machines harness.Observer) *partialObserver {
	return &partialObserver{Observer: machines, closed: make(chan struct{}), connections: map[*partialConnection]bool{}}
}

// set decides what the part finds from now on.
func (o *partialObserver) set(now condition, answers int) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.condition, o.answers, o.asked = now, answers, 0
	if now == gone || now == silent {
		for connection := range o.connections {
			_ = connection.Conn.Close()
		}
		clear(o.connections)
	}
}

// close ends everything that waits.
func (o *partialObserver) close() {
	o.set(gone, 0)
	close(o.closed)
}

// calls is how often the part has turned to the machines since the last change.
func (o *partialObserver) calls() int {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.asked
}

// pass is nil when the call goes through, and otherwise returns its error when that is due.
func (o *partialObserver) pass(ctx context.Context, doing string) error {
	o.mutex.Lock()
	o.asked++
	now := o.condition
	o.mutex.Unlock()
	switch now {
	case gone:
		return fmt.Errorf("%s: %w", doing, syscall.EHOSTUNREACH)
	case silent:
		return fmt.Errorf("%s: %w", doing, o.wait(ctx))
	}
	return nil
}

// wait returns when the context ends.
func (o *partialObserver) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-o.closed:
		return errors.New("the test is over")
	}
}

// Dial implements harness.Observer.
func (o *partialObserver) Dial(ctx context.Context, from, network, address string) (net.Conn, error) {
	refused := &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	switch err := o.pass(ctx, "dial"); {
	case errors.Is(err, syscall.EHOSTUNREACH):
		return nil, refused
	case err != nil:
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	connection, err := o.Observer.Dial(ctx, from, network, address)
	if err != nil {
		return nil, err
	}
	through := &partialConnection{Conn: connection, observer: o}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	// An HTTP client goes on dialing when another connection has become free: the machines may be gone by now.
	if o.condition == gone || o.condition == silent {
		_ = connection.Close()
		return nil, refused
	}
	o.connections[through] = true
	return through, nil
}

// StartCheck implements harness.Observer. Who is gone or silent is asked by the schedule all the same.
func (o *partialObserver) StartCheck(
	ctx context.Context, from string, check harness.Check, timing harness.Schedule, samples func([]harness.Sample),
) (harness.CheckStream, error) {
	o.mutex.Lock()
	now := o.condition
	o.asked++
	o.mutex.Unlock()
	if now != gone && now != silent {
		return o.Observer.StartCheck(ctx, from, check, timing, samples)
	}
	stream := unanswered{done: make(chan struct{})}
	go func() {
		defer close(stream.done)
		refuse := func(ctx context.Context) error {
			if now == silent {
				return o.wait(ctx)
			}
			return syscall.ECONNREFUSED
		}
		if now == silent {
			timing.Limit = time.Hour
		}
		_ = schedule.Keep(ctx, timing, refuse, func(sample harness.Sample) { samples([]harness.Sample{sample}) })
	}()
	return stream, nil
}

// unanswered is a stream of checks that nobody answers.
type unanswered struct{ done chan struct{} }

func (unanswered) Change(harness.Check) error { return nil }

func (u unanswered) Done() <-chan struct{} { return u.done }

// ReadFile implements harness.Observer, as the methods below do.
func (o *partialObserver) ReadFile(ctx context.Context, node, path string) ([]byte, error) {
	if err := o.pass(ctx, "read "+path); err != nil {
		return nil, err
	}
	return o.Observer.ReadFile(ctx, node, path)
}

func (o *partialObserver) Log(ctx context.Context, node string, since time.Time) ([]harness.LogLine, error) {
	if err := o.pass(ctx, "read the log"); err != nil {
		return nil, err
	}
	return o.Observer.Log(ctx, node, since)
}

func (o *partialObserver) Status(ctx context.Context, node string) (harness.SystemStatus, error) {
	if err := o.pass(ctx, "ask for the status"); err != nil {
		return harness.SystemStatus{}, err
	}
	return o.Observer.Status(ctx, node)
}

func (o *partialObserver) Fingerprint(ctx context.Context, node string, paths ...string) (harness.Fingerprint, error) {
	if err := o.pass(ctx, "take the fingerprint"); err != nil {
		return harness.Fingerprint{}, err
	}
	return o.Observer.Fingerprint(ctx, node, paths...)
}

func (o *partialObserver) Mentions(
	ctx context.Context, node string, addresses []netip.Addr, paths ...string,
) ([]harness.Mention, error) {
	if err := o.pass(ctx, "look for mentions"); err != nil {
		return nil, err
	}
	return o.Observer.Mentions(ctx, node, addresses, paths...)
}

// A partialConnection is a connection through a partialObserver.
type partialConnection struct {
	net.Conn
	observer *partialObserver
}

// Read loses what arrives when the observer has no more answers to give.
func (c *partialConnection) Read(into []byte) (int, error) {
	n, err := c.Conn.Read(into)
	c.observer.mutex.Lock()
	defer c.observer.mutex.Unlock()
	if c.observer.condition != losing || err != nil {
		return n, err
	}
	if c.observer.answers == 0 {
		_ = c.Conn.Close()
		return 0, syscall.ECONNRESET
	}
	c.observer.answers--
	return n, nil
}

func (c *partialConnection) Close() error {
	c.observer.mutex.Lock()
	delete(c.observer.connections, c)
	c.observer.mutex.Unlock()
	return c.Conn.Close()
}
