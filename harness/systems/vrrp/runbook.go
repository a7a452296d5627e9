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

// waitForStepDown allows for two checks, the first of which may have just been made, of 5 s each.
var waitForStepDown = harness.Wait{For: "the router to step down", Interval: 100 * time.Millisecond, Limit: 30 * time.Second}

// StepDown has a router give up what it shares, by removing the file that lets it be master, and waits until it has. Where
// two are master that is the remedy: no connection between the two is needed for it.
func (p Pair) StepDown(router string) harness.Runbook {
	return runbook.Of("have "+router+" step down",
		harness.Step{
			Name: "remove " + p.MasterFile + " from " + router,
			Do: func(ctx context.Context, operator harness.Operator) error {
				return MasterFile{Pair: p, Router: router}.set(ctx, operator, false)
			},
		},
		harness.Step{
			Name: "wait until " + router + " has stepped down",
			Do: func(ctx context.Context, operator harness.Operator) error {
				return waitForStepDown.Until(ctx, func(ctx context.Context) error { return p.Without(ctx, operator, router) })
			},
		})
}

// announceScript finds the interface of each address, and sends from there what ARP says of an address that has moved.
//
// It does not wait for one before it sends the next.
const announceScript = `for address in "$@"; do
	card=$(ip -o -4 address show to "$address" | awk '{ print $2 }') && [ -n "$card" ] || exit
	arping -q -U -c 1 -I "$card" "$address" &
done
wait`

// Announce has a router tell every client that the shared addresses are its own (gratuitous ARP), as keepalived
// does when it becomes master. One that has been master all the time does not: clients go on sending to the
// other router, whom they heard last, until their kernels doubt it.
func (p Pair) Announce(router string) harness.Runbook {
	command := []string{"sh", "-c", announceScript, "sh"}
	for _, address := range p.Shared {
		command = append(command, address.String())
	}
	name := "have " + router + " announce what it has"
	return runbook.Of(name, runbook.Exec(name, router, command...))
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
func WakeUp(router, process string) harness.Runbook {
	name := "wake " + process + " on " + router
	return runbook.Of(name, runbook.Exec(name, router, "pkill", "-CONT", "-x", process))
}
