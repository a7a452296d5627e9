//go:build linux

package agentd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/hashicorp/yamux"

	"github.com/reprise-dr/reprise/harness/agent/internal/monotonic"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// revertLimit bounds how long the agent tries to undo faults before it ends its node all the same.
const revertLimit = 5 * time.Second

// Options are what an agent is started with.
type Options struct {
	Stream       io.ReadWriteCloser // to the harness
	SystemSocket string             // where the supervisor listens
	Silence      time.Duration      // how long the agent goes on without hearing from the harness while the stream is open
	Log          *log.Logger        // diagnostics for a person
}

// An agent is the state of the helper of one node.
type agent struct {
	options  Options
	network  *network
	system   *system
	journal  *journal
	lease    *lease
	watchdog *watchdog
	timers   *monotonic.Timers
	packets  *packetWatch
	pending  *pendingActions

	processors *processors
}

// Run serves the harness until it says so, the stream ends or the lease runs out; then it undoes the faults
// in force. The error says which of the latter two it was. A lease that is held outlasts both.
func Run(ctx context.Context, options Options) error {
	network, err := newNetwork()
	if err != nil {
		return fmt.Errorf("look at the node's network: %w", err)
	}
	defer network.close()
	timers, err := monotonic.NewTimers()
	if err != nil {
		return fmt.Errorf("watch the time: %w", err)
	}
	defer timers.Close()
	a := &agent{
		options: options, network: network, system: newSystem(options.SystemSocket),
		journal: &journal{}, lease: newLease(options.Silence, timers), watchdog: newWatchdog(), packets: &packetWatch{network: network},
		pending: newPendingActions(), processors: newProcessors(), timers: timers,
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a.watchdog.run(timers)
	go a.serve()
	ended := a.lease.wait(ctx)
	reverting, cancelRevert := context.WithTimeout(context.WithoutCancel(ctx), revertLimit)
	defer cancelRevert()
	return errors.Join(ended, a.journal.revert(reverting, everything))
}

// serve answers the harness for as long as the stream lasts. Nobody can come back to a stream that has ended.
func (a *agent) serve() {
	stream := protocol.Join(a.options.Stream)
	err := func() error {
		session, err := yamux.Server(stream, protocol.Multiplexing(a.options.Log.Writer()))
		if err != nil {
			return err
		}
		return (&http.Server{Handler: a.routes(), ErrorLog: a.options.Log, ReadHeaderTimeout: a.options.Silence}).Serve(session)
	}()
	if ended := stream.Ended(); ended != nil {
		err = ended // rather than what the session made of it
	}
	a.lease.lapse(fmt.Errorf("serve the harness: the stream has ended: %w", err))
}

func (a *agent) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(protocol.PathHello, protocol.Handle(a.hello))
	mux.Handle(protocol.PathClock, protocol.Handle(a.clock))
	mux.Handle(protocol.PathRenew, protocol.Handle(a.renew))
	mux.Handle(protocol.PathHold, protocol.Handle(a.hold))
	mux.Handle(protocol.PathEnd, protocol.Handle(a.end))
	mux.Handle(protocol.PathConfigure, protocol.Handle(a.configure))
	mux.Handle(protocol.PathIsolate, protocol.Handle(a.isolate))
	mux.Handle(protocol.PathAddresses, protocol.Handle(a.addresses))
	mux.Handle(protocol.PathDial, http.HandlerFunc(serveTunnel))
	mux.Handle(protocol.PathAsk, http.HandlerFunc(a.serveAsk))
	mux.Handle(protocol.PathUsage, protocol.Handle(a.usage))
	mux.Handle(protocol.PathWatchPackets, protocol.Handle(a.watchPackets))
	mux.Handle(protocol.PathPackets, protocol.Handle(a.countPackets))
	mux.Handle(protocol.PathPrepare, protocol.Handle(a.prepare))
	mux.Handle(protocol.PathFire, protocol.Handle(a.fire))
	mux.Handle(protocol.PathUndo, protocol.Handle(a.undo))
	mux.Handle(protocol.PathPowerOn, protocol.Handle(a.powerOn))
	mux.Handle(protocol.PathTraits, protocol.Handle(a.traits))
	return mux
}

func (a *agent) hello(context.Context, protocol.Nothing) (protocol.Hello, error) {
	a.lease.renew()
	return protocol.Hello{Version: protocol.Version, SystemSocket: a.options.SystemSocket}, nil
}

func (a *agent) clock(context.Context, protocol.Nothing) (protocol.Reading, error) {
	return protocol.Reading{Now: monotonic.Now()}, nil
}

func (a *agent) renew(_ context.Context, renewal protocol.Renewal) (protocol.Renewed, error) {
	now := monotonic.Now()
	a.lease.renew()
	return protocol.Renewed{Now: now, Interruptions: a.watchdog.after(renewal.Known)}, nil
}

func (a *agent) hold(context.Context, protocol.Nothing) (protocol.Nothing, error) {
	a.lease.hold()
	return protocol.Nothing{}, nil
}

func (a *agent) end(context.Context, protocol.Nothing) (protocol.Nothing, error) {
	a.lease.end()
	return protocol.Nothing{}, nil
}

var _ net.Listener = (*yamux.Session)(nil)
