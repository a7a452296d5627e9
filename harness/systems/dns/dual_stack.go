package dns

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A dial connects to one address.
type dial = func(context.Context, netip.Addr) (net.Conn, error)

// oneByOne tries the next address when the one before has failed.
func oneByOne(ctx context.Context, addresses []netip.Addr, dial dial) (net.Conn, error) {
	var failed []error
	for _, address := range addresses {
		connection, err := dial(ctx, address)
		if err == nil {
			return connection, nil
		}
		failed = append(failed, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, harness.JoinErrors(failed...)
}

// attemptDelay is how long a client waits before it tries the next address as well, RFC 8305, section 5.
const attemptDelay = 250 * time.Millisecond

// happyEyeballs tries the next address when the one before has failed or has not connected in time, and takes the first
// connection. The others are closed.
func happyEyeballs(ctx context.Context, addresses []netip.Addr, dial dial) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type attempt struct {
		connection net.Conn
		err        error
	}
	done := make(chan attempt, len(addresses))
	next, running := 0, 0
	start := func() {
		address := addresses[next]
		next, running = next+1, running+1
		go func() {
			connection, err := dial(ctx, address)
			done <- attempt{connection, err}
		}()
	}
	defer func() {
		go func(left int) {
			for range left {
				if late := <-done; late.err == nil {
					_ = late.connection.Close()
				}
			}
		}(running)
	}()
	delay := time.NewTicker(attemptDelay)
	defer delay.Stop()
	var failed []error
	start()
	for running > 0 {
		select {
		case one := <-done:
			running--
			if one.err == nil {
				return one.connection, nil
			}
			failed = append(failed, one.err)
		case <-delay.C:
		}
		if next < len(addresses) {
			start()
			delay.Reset(attemptDelay)
		}
	}
	return nil, harness.JoinErrors(failed...)
}
