package agent

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// askBuffer holds a few batches of samples.
const askBuffer = 4 << 10

// StartCheck has the node's agent ask the check by the schedule until ctx ends. See [harness.Observer].
//
// One comparison of clocks, of the beginning, places all samples on the harness's clock: another one
// would move those that follow it against those before. Where the engine runs on another machine,
// whose clock drifts, that error grows for as long as the asking lasts.
func (c *Client) StartCheck(
	ctx context.Context, check harness.Check, schedule harness.Schedule, samples func([]harness.Sample),
) (harness.CheckStream, error) {
	asking, err := c.ask(ctx, check, schedule)
	if err != nil {
		return nil, fmt.Errorf("ask from %s: %w", c.node, err)
	}
	go asking.receive(ctx, samples)
	return asking, nil
}

func (c *Client) ask(ctx context.Context, check harness.Check, schedule harness.Schedule) (*asking, error) {
	if err := check.Validate(); err != nil {
		return nil, err
	}
	body, err := json.Marshal(protocol.CheckRequest{Check: check, Schedule: schedule})
	if err != nil {
		return nil, fmt.Errorf("encode the check: %w", err)
	}
	c.mu.Lock()
	known := c.clock
	c.mu.Unlock()
	fresh, err := c.Clock(ctx)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(http.MethodPost, protocol.URL(protocol.PathAsk), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	stream, err := c.upgrade(ctx, request, protocol.UpgradeAsk, askBuffer)
	if err != nil {
		return nil, err
	}
	return &asking{
		node: c.node, stream: stream, clock: known.better(fresh), changes: json.NewEncoder(stream), done: make(chan struct{}),
	}, nil
}

// An asking is a check that the agent asks until the stream ends, on either side.
type asking struct {
	node   string
	stream *upgraded
	clock  Clock
	done   chan struct{}

	mu      sync.Mutex
	changes *json.Encoder
}

// receive hands over the samples as they come.
func (a *asking) receive(ctx context.Context, samples func([]harness.Sample)) {
	defer close(a.done)
	defer a.stream.Close()
	defer a.stream.release()
	batches := gob.NewDecoder(a.stream.reader)
	var last error
	for {
		var batch []protocol.Sample
		if err := batches.Decode(&batch); err != nil || ctx.Err() != nil {
			return // the caller, the agent or the connection has ended it
		}
		taken := make([]harness.Sample, len(batch))
		for i, sample := range batch {
			taken[i] = harness.Sample{Due: a.clock.Time(sample.Due), Asked: a.clock.Time(sample.Asked), Seen: a.clock.Time(sample.Seen)}
			if sample.Error == "" {
				continue
			}
			if last == nil || last.Error() != sample.Error {
				last = errors.New(sample.Error)
			}
			taken[i].Err = last
		}
		samples(taken)
	}
}

// Change replaces the check.
func (a *asking) Change(check harness.Check) error {
	if err := check.Validate(); err != nil {
		return fmt.Errorf("change what %s asks: %w", a.node, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.changes.Encode(check); err != nil {
		return fmt.Errorf("change what %s asks: %w", a.node, err)
	}
	return nil
}

// Done is closed when no more samples will come.
func (a *asking) Done() <-chan struct{} { return a.done }

// Usage is what the agent's process has used of its machine since it started.
type Usage struct {
	CPU        time.Duration // processor time, user and system, of all its threads
	PeakMemory int64         // the largest resident set so far, in bytes
}

// Usage asks the agent.
func (c *Client) Usage(ctx context.Context) (Usage, error) {
	var usage protocol.Usage
	err := c.call(ctx, "read the usage of", protocol.PathUsage, protocol.Nothing{}, &usage)
	return Usage(usage), err
}
