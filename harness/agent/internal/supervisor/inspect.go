//go:build linux

package supervisor

import (
	"context"
	"os"

	"github.com/reprise-dr/reprise/harness/agent/internal/inspect"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/internal/cputime"
)

// fingerprint says what the system looks like. A machine without power looks like nothing.
func (s *Supervisor) fingerprint(ctx context.Context, inspection protocol.Inspection) (protocol.Traits, error) {
	if s.isOff() {
		return protocol.Traits{}, errOff
	}
	before := cputime.Used()
	traits, err := s.inspect.Traits(ctx, s.inspected(inspection))
	return protocol.Traits{Traits: traits, CPU: cputime.Used() - before}, err
}

// mentions finds what names an address.
func (s *Supervisor) mentions(ctx context.Context, inspection protocol.Inspection) (protocol.Mentions, error) {
	if s.isOff() {
		return protocol.Mentions{}, errOff
	}
	mentions, incomplete, err := s.inspect.Mentions(ctx, s.inspected(inspection), inspection.Addresses)
	return protocol.Mentions{Mentions: mentions, Incomplete: incomplete}, err
}

// inspected says whose processes are the harness's own: this one's, but for the main process.
func (s *Supervisor) inspected(inspection protocol.Inspection) inspect.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	request := inspect.Request{Paths: inspection.Paths, Supervisor: os.Getpid()}
	if s.main != nil && s.main.running() {
		request.Main = s.main.command.Process.Pid
	}
	return request
}
