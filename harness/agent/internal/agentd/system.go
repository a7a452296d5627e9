//go:build linux

package agentd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// A system is the agent's line to the node's supervisor.
type system struct {
	socket string
	client *http.Client
}

func newSystem(socket string) *system {
	s := &system{socket: socket}
	s.client = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return s.dial(ctx) },
	}}
	return s
}

func (s *system) dial(ctx context.Context) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, "unix", s.socket)
}

func (s *system) call(ctx context.Context, path string, request, reply any) error {
	if err := protocol.Call(ctx, s.client, path, request, reply); err != nil {
		return fmt.Errorf("ask the supervisor: %w", err)
	}
	return nil
}

func (s *system) status(ctx context.Context) (protocol.Status, error) {
	var status protocol.Status
	return status, s.call(ctx, protocol.PathStatus, protocol.Nothing{}, &status)
}

// off tells the supervisor that all its processes were killed.
func (s *system) off(ctx context.Context) error {
	return s.call(ctx, protocol.PathOff, protocol.Nothing{}, nil)
}

// awaitKilled returns when the supervisor has seen the main process end, which was killed before.
func (s *system) awaitKilled(ctx context.Context) error {
	return s.call(ctx, protocol.PathStop, protocol.Stop{Signal: "KILL", Killed: true}, nil)
}

// boot makes the supervisor do what an init system does first.
func (s *system) boot(ctx context.Context) error {
	return s.call(ctx, protocol.PathBoot, protocol.Nothing{}, nil)
}

// supervisor is the number of the supervisor's process.
func (s *system) supervisor(ctx context.Context) (int, error) {
	connection, err := s.dial(ctx)
	if err != nil {
		return 0, fmt.Errorf("reach the supervisor: %w", err)
	}
	defer connection.Close()
	process, err := protocol.PeerProcess(connection)
	if err != nil {
		return 0, fmt.Errorf("find the supervisor's process: %w", err)
	}
	return process, nil
}

// powerOn switches the node on. One that is on gets back links that were taken down, and is else left alone.
func (a *agent) powerOn(ctx context.Context, _ protocol.Nothing) (protocol.Nothing, error) {
	status, err := a.system.status(ctx)
	if err != nil {
		return protocol.Nothing{}, err
	}
	if status.On {
		err = a.network.linksUp()
	} else {
		err = errors.Join(a.network.reboot(ctx), a.system.boot(ctx))
	}
	if err != nil {
		return protocol.Nothing{}, err
	}
	// Links are up and processes that were stopped are gone: nothing of those is left to undo.
	a.journal.forget(func(e entry) bool { return e.action.Link != nil || !status.On && e.action.Signal != nil })
	return protocol.Nothing{}, nil
}
