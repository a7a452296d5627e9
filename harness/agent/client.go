package agent

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/yamux"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// The client's limits. Each is far beyond what a starved machine was seen to take.
const (
	renewLimit     = 5 * time.Second // one renewal of the lease
	lostAfter      = protocol.Silence + 10*time.Second
	interruptLimit = time.Second           // the last look at what interrupted the node
	retryEvery     = 20 * time.Millisecond // between two looks whether the supervisor is there
	clockTrips     = 8                     // round trips of one comparison of clocks; the shortest counts
	clockDrift     = 50 * time.Microsecond // how far two machines' clocks drift apart in a second, at most
)

// A Client speaks to the agent of one node. Its methods may be called at the same time. Requests
// end early, on both sides, when their context does.
type Client struct {
	node    string
	stream  *protocol.Joined
	words   interface{ LastWords() string } // of the agent; nil when the stream keeps none
	session *yamux.Session
	agent   *http.Client
	system  *http.Client // the node's supervisor, through the agent
	socket  string       // where the supervisor listens in the node
	stop    context.CancelFunc
	renewer sync.WaitGroup

	mu            sync.Mutex
	clock         Clock
	interruptions []harness.Interruption
}

// Connect introduces the harness to the agent at the other end of the stream, checks that both
// speak the same version, compares clocks, and keeps the agent's lease from then on. The client owns
// the stream; on an error it is closed. A stream with a method LastWords has kept what the agent said last
// to whom it may concern: it explains an agent that is gone.
func Connect(ctx context.Context, node string, stream io.ReadWriteCloser) (*Client, error) {
	return connect(ctx, node, stream, renewing{every: protocol.RenewEvery, limit: renewLimit, lostAfter: lostAfter})
}

// renewing is how a client keeps the lease.
type renewing struct {
	every     time.Duration
	limit     time.Duration // of one renewal
	lostAfter time.Duration // without an answer
}

func connect(ctx context.Context, node string, stream io.ReadWriteCloser, renewing renewing) (*Client, error) {
	joined := protocol.Join(stream)
	session, err := yamux.Client(joined, protocol.Multiplexing(io.Discard))
	if err != nil {
		return nil, fmt.Errorf("connect to the agent of %s: %w", node, errors.Join(err, joined.Close()))
	}
	c := &Client{node: node, stream: joined, session: session}
	c.words, _ = stream.(interface{ LastWords() string })
	c.agent = newHTTPClient(func(context.Context) (net.Conn, error) { return session.Open() })
	c.system = newHTTPClient(func(ctx context.Context) (net.Conn, error) { return c.Dial(ctx, "unix", c.socket) })
	if err := c.introduce(ctx); err != nil {
		return nil, fmt.Errorf("connect to the agent of %s: %w", node, errors.Join(c.explain(err), session.Close()))
	}
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.stop = stop
	c.renewer.Go(func() { c.keepLease(keeping, renewing) })
	return c, nil
}

func newHTTPClient(dial func(context.Context) (net.Conn, error)) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		MaxIdleConnsPerHost: 8, // a fault that is fired should find a connection that is open
		DisableCompression:  true,
	}}
}

func (c *Client) introduce(ctx context.Context) error {
	var hello protocol.Hello
	if err := protocol.Call(ctx, c.agent, protocol.PathHello, protocol.Nothing{}, &hello); err != nil {
		return err
	}
	if hello.Version != protocol.Version {
		return fmt.Errorf("compare versions: the agent speaks version %d, this program %d: build the agent's image again",
			hello.Version, protocol.Version)
	}
	c.socket = hello.SystemSocket
	_, err := c.Clock(ctx)
	return err
}

// keepLease tells the agent every second that the harness is still there. An agent that has not answered for
// longer than it waits for a renewal itself has ended: its stream, which still looks open, is closed.
func (c *Client) keepLease(ctx context.Context, renewing renewing) {
	ticker := time.NewTicker(renewing.every)
	defer ticker.Stop()
	var silent time.Duration // while this process ran
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.session.CloseChan():
			return
		case <-ticker.C:
		}
		began := time.Now()
		if c.renew(ctx, renewing.limit) == nil {
			silent = 0
			continue // one that fails is tried again: the lease outlasts many
		}
		silent += min(max(time.Since(began), renewing.every), renewing.limit+renewing.every)
		if silent > renewing.lostAfter && ctx.Err() == nil {
			_ = c.session.Close() // it is lost already
			return
		}
	}
}

// renew extends the lease. The reply brings a reading of the clock and what interrupted the node.
func (c *Client) renew(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c.mu.Lock()
	known := len(c.interruptions)
	c.mu.Unlock()
	var renewed protocol.Renewed
	sent := time.Now()
	if err := protocol.Call(ctx, c.agent, protocol.PathRenew, protocol.Renewal{Known: known}, &renewed); err != nil {
		return err
	}
	reading := compare(sent, time.Now(), renewed.Now)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock = c.clock.better(reading)
	for i, interruption := range renewed.Interruptions {
		if known+i < len(c.interruptions) {
			continue // another renewal has brought it already
		}
		c.interruptions = append(c.interruptions, harness.Interruption{
			From: c.clock.Time(interruption.From), Length: interruption.Length,
			Reason: "agent of " + c.node + ": " + interruption.Reason,
		})
	}
	return nil
}

// Interruptions are the moments since the agent started in which it did not get the processor for
// longer than 100 ms, or in which the clock of its machine was stepped by more than 50 ms.
func (c *Client) Interruptions() []harness.Interruption {
	if !c.session.IsClosed() {
		// The last second's are fetched; if that fails, those before it are known.
		_ = c.renew(context.Background(), interruptLimit)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]harness.Interruption(nil), c.interruptions...)
}

// explain adds to an error why the agent is gone, if it is.
func (c *Client) explain(err error) error {
	if gone := c.Gone(); err != nil && gone != nil {
		return fmt.Errorf("%w: %w", gone, err)
	}
	return err
}

// Gone says why the agent cannot be reached any more, with its last words. Nil while it can.
func (c *Client) Gone() error {
	if !c.session.IsClosed() {
		return nil
	}
	why := c.stream.Ended()
	said := ""
	if c.words != nil {
		said = c.words.LastWords()
	}
	if said != "" {
		return fmt.Errorf("the agent of %s is gone (its stream ended with %q): it said %q", c.node, fmt.Sprint(why), said)
	}
	return fmt.Errorf("the agent of %s is gone (its stream ended with %q)", c.node, fmt.Sprint(why))
}

// Lost is closed when the stream to the agent has ended: the node is gone, or cannot be reached any more.
func (c *Client) Lost() <-chan struct{} { return c.session.CloseChan() }

// Close ends the stream. Unless End or Hold was called, the agent reverts the faults in force and ends its
// node. It may be called twice.
func (c *Client) Close() error {
	c.stop()
	err := c.session.Close()
	c.renewer.Wait()
	c.agent.CloseIdleConnections()
	c.system.CloseIdleConnections()
	if err != nil {
		return fmt.Errorf("close the stream to the agent of %s: %w", c.node, err)
	}
	return nil
}

// End makes the agent revert the faults in force and exit, which ends every process of the node. It
// returns when the agent has agreed or is gone; the engine takes a moment more to notice.
func (c *Client) End(ctx context.Context) error {
	c.stop() // a lease that is renewed while its agent exits would only fail
	err := c.call(ctx, "end", protocol.PathEnd, protocol.Nothing{}, nil)
	if err != nil && c.session.IsClosed() {
		return nil
	}
	return err
}

// Hold gives up the lease for ever: the node stays when the harness leaves, for a person to look at.
func (c *Client) Hold(ctx context.Context) error {
	return c.call(ctx, "hold", protocol.PathHold, protocol.Nothing{}, nil)
}

// call asks the agent. The verb says what for, in errors.
func (c *Client) call(ctx context.Context, verb, path string, request, reply any) error {
	if err := protocol.Call(ctx, c.agent, path, request, reply); err != nil {
		return fmt.Errorf("%s %s: %w", verb, c.node, c.explain(err))
	}
	return nil
}

// callSystem asks the supervisor.
func (c *Client) callSystem(ctx context.Context, verb, path string, request, reply any) error {
	if err := protocol.Call(ctx, c.system, path, request, reply); err != nil {
		return fmt.Errorf("%s %s: %w", verb, c.node, c.explain(err))
	}
	return nil
}

// upgrade opens a stream and turns it into what the request asks for. The reader begins after the
// agent's reply. The end of the context closes the stream, which cancels what the agent does for it,
// until release is called.
func (c *Client) upgrade(ctx context.Context, request *http.Request, to string, buffer int) (*upgraded, error) {
	stream, err := c.session.Open()
	if err != nil {
		return nil, c.explain(err)
	}
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Upgrade", to)
	u := &upgraded{Conn: stream, reader: bufio.NewReaderSize(stream, buffer)}
	u.release = context.AfterFunc(ctx, func() { _ = stream.Close(); _ = stream.SetDeadline(time.Unix(1, 0)) })
	u.header, err = func() (http.Header, error) {
		if err := request.Write(stream); err != nil {
			return nil, err
		}
		response, err := http.ReadResponse(u.reader, request) //nolint:bodyclose // an upgraded connection has no body: the caller owns the stream
		if err != nil {
			return nil, err
		}
		return response.Header, protocol.Refusal(response)
	}()
	if err != nil {
		u.release()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		_ = stream.Close()
		return nil, err
	}
	return u, nil
}

// An upgraded is a stream that belongs to the caller.
type upgraded struct {
	net.Conn
	reader  *bufio.Reader
	header  http.Header
	release func() bool // ends the watch over the context; false when that has ended
}
