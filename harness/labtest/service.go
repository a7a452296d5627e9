package labtest

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A Service is a lab without machines in which one service fails and comes back, and the probe of that service: enough to try
// out what is made of drills. Whatever else a drill wants of a lab panics. The zero value serves.
type Service struct {
	harness.Lab

	Label   string                 // the probe's name; "" means "the site answers"
	Starved []harness.Interruption // what the lab says it did not get the processor for

	failing atomic.Bool
}

// Fail has the service fail until Heal.
func (s *Service) Fail() { s.failing.Store(true) }

// Heal brings the service back.
func (s *Service) Heal() { s.failing.Store(false) }

// Topology is one without nodes.
func (*Service) Topology() harness.Topology { return harness.Topology{Name: "site"} }

// Addresses are none.
func (*Service) Addresses(string) (harness.Addresses, error) { return harness.Addresses{}, nil }

// Interruptions are those that the service was given.
func (s *Service) Interruptions() []harness.Interruption { return s.Starved }

// Losses are none.
func (*Service) Losses(context.Context) []harness.Loss { return nil }

// Shortages are none.
func (*Service) Shortages(context.Context) []string { return nil }

// Name is the label.
func (s *Service) Name() string {
	if s.Label == "" {
		return "the site answers"
	}
	return s.Label
}

// Period is 10 ms.
func (*Service) Period() time.Duration { return 10 * time.Millisecond }

// Check is an error while the service fails.
func (s *Service) Check(context.Context, harness.Observer) error {
	if s.failing.Load() {
		return errors.New("connection refused")
	}
	return nil
}

// Outage is a fault that has the service fail, for so long or, when that is 0, until it is healed or the fault lifted.
func (s *Service) Outage(length time.Duration) harness.Fault { return outage{s, length} }

// Repair is a runbook of one step that heals the service.
func (s *Service) Repair(step string) harness.Runbook { return repair{s, step} }

type outage struct {
	of     *Service
	length time.Duration
}

func (outage) Describe() string { return "an outage of the site" }

func (o outage) Inject(context.Context, harness.Lab) (harness.Injection, error) {
	struck := inForce{o.of, time.Now()}
	o.of.Fail()
	if o.length > 0 {
		time.AfterFunc(o.length, o.of.Heal)
	}
	return struck, nil
}

// An inForce is an outage that goes on.
type inForce struct {
	of *Service
	at time.Time
}

func (i inForce) Impact() harness.Impact                { return harness.Impact{Before: i.at} }
func (inForce) Confirm(context.Context) (string, error) { return "the site refuses connections", nil }
func (i inForce) Revert(context.Context) error          { i.of.Heal(); return nil }

type repair struct {
	of   *Service
	step string
}

func (repair) Name() string { return "repair the site" }

func (r repair) Steps() []harness.Step {
	return []harness.Step{{Name: r.step, Do: func(context.Context, harness.Operator) error { r.of.Heal(); return nil }}}
}
