package agent

import (
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// An Instant is a moment on the engine kernel's CLOCK_MONOTONIC, in nanoseconds. All nodes of an
// engine share that clock, so instants of several nodes can be compared without any error.
type Instant = protocol.Instant

// A Clock relates the harness's monotonic clock to that of the engine's kernel.
type Clock struct {
	here  time.Time
	there Instant
	// Uncertainty bounds the error of Instant and Time: half the round trip of the comparison.
	Uncertainty time.Duration
}

// Instant is the engine's reading at a moment of the harness. The moment should come from time.Now,
// which reads the monotonic clock too.
func (c Clock) Instant(moment time.Time) Instant { return c.there + Instant(moment.Sub(c.here)) }

// Time is the harness's reading at a moment of the engine.
func (c Clock) Time(moment Instant) time.Time { return c.here.Add(time.Duration(moment - c.there)) }

// Clock compares the clocks anew, in several round trips of which the shortest counts.
func (c *Client) Clock(ctx context.Context) (Clock, error) {
	var best Clock
	for trip := range clockTrips {
		var reading protocol.Reading
		sent := time.Now()
		if err := protocol.Call(ctx, c.agent, protocol.PathClock, protocol.Nothing{}, &reading); err != nil {
			return Clock{}, fmt.Errorf("compare clocks with %s: %w", c.node, err)
		}
		clock := compare(sent, time.Now(), reading.Now)
		if trip == 0 || clock.Uncertainty < best.Uncertainty {
			best = clock
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock = best
	return best, nil
}

// compare places the engine's reading in the middle of the round trip that brought it.
func compare(sent, received time.Time, reading Instant) Clock {
	half := received.Sub(sent) / 2
	return Clock{here: sent.Add(half), there: reading, Uncertainty: half}
}

// better chooses between an older and a newer comparison: a short round trip is worth keeping until
// the clocks of two machines may have drifted apart by more than it was shorter.
func (c Clock) better(newer Clock) Clock {
	age := newer.here.Sub(c.here)
	if c.Uncertainty+time.Duration(age.Seconds()*float64(clockDrift)) < newer.Uncertainty {
		return c
	}
	return newer
}
