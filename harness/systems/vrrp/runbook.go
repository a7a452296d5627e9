package vrrp

import (
	"context"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// Restart restarts keepalived on a router, as after a change of its configuration, and
// sometimes to be on the safe side.
func Restart(router string) harness.Runbook {
	keepalived := runbook.Service{Product: "keepalived", Roles: []string{RouterRole}, Only: router}
	return runbook.Of("restart keepalived on "+router, keepalived.Stop(), keepalived.Start())
}

// StepDown has a router give up what it shares, by removing the file that lets it be master. Where two are
// master that is the remedy: no connection between the two is needed for it.
type StepDown struct {
	Pair   Pair
	Router string
}

// Name says who steps down.
func (s StepDown) Name() string { return "have " + s.Router + " step down" }

// waitForStepDown allows for two checks, the first of which may have just been made, of 5 s each.
var waitForStepDown = harness.Wait{For: "the router to step down", Interval: 100 * time.Millisecond, Limit: 30 * time.Second}

// Steps remove the file, and wait until the router has given up all that it shares.
func (s StepDown) Steps() []harness.Step {
	return []harness.Step{
		{Name: "remove " + s.Pair.MasterFile + " from " + s.Router, Do: func(ctx context.Context, operator harness.Operator) error {
			return MasterFile{Pair: s.Pair, Router: s.Router}.set(ctx, operator, false)
		}},
		{Name: "wait until " + s.Router + " has stepped down", Do: func(ctx context.Context, operator harness.Operator) error {
			return waitForStepDown.Until(ctx, func(ctx context.Context) error { return s.Pair.Without(ctx, operator, s.Router) })
		}},
	}
}

// Announce has a router tell every client that the shared addresses are its own (gratuitous ARP), as keepalived
// does when it becomes master. One that has been master all the time does not: clients go on sending to the
// other router, whom they heard last, until their kernels doubt it.
type Announce struct {
	Pair   Pair
	Router string
}

// Name says who.
func (a Announce) Name() string { return "have " + a.Router + " announce what it has" }

// announceScript finds the interface of each address, and sends from there what ARP says of an address that has moved.
//
// It does not wait for one before it sends the next.
const announceScript = `for address in "$@"; do
	card=$(ip -o -4 address show to "$address" | awk '{ print $2 }') && [ -n "$card" ] || exit
	arping -q -U -c 1 -I "$card" "$address" &
done
wait`

// Steps send it.
func (a Announce) Steps() []harness.Step {
	command := []string{"sh", "-c", announceScript, "sh"}
	for _, address := range a.Pair.Shared {
		command = append(command, address.String())
	}
	return []harness.Step{runbook.Exec(a.Name(), a.Router, command...)}
}

// Without is nil when a router answers to none of the shared addresses.
func (p Pair) Without(ctx context.Context, observer harness.Observer, router string) error {
	for _, address := range p.Shared {
		if err := probe.Leaves(router, address).Check(ctx, observer); err != nil {
			return err
		}
	}
	return nil
}

// WakeUp lets a process go on that was stopped, such as by a person with a debugger.
type WakeUp struct{ Router, Process string }

// Name says whom.
func (w WakeUp) Name() string { return "wake " + w.Process + " on " + w.Router }

// Steps send the signal.
func (w WakeUp) Steps() []harness.Step {
	return []harness.Step{runbook.Exec(w.Name(), w.Router, "pkill", "-CONT", "-x", w.Process)}
}
