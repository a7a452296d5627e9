package fault

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// An Injection is a fault in force: when it struck, how to prove it and how to lift it. It is a [harness.Injection], of use to
// whoever writes a fault.
type Injection struct {
	Struck harness.Impact
	Prove  func(ctx context.Context) (string, error)
	Lift   func(ctx context.Context) error // nil: there is nothing to lift
}

// Impact is when it struck.
func (i *Injection) Impact() harness.Impact { return i.Struck }

// Confirm proves that it bites.
func (i *Injection) Confirm(ctx context.Context) (string, error) { return i.Prove(ctx) }

// Revert lifts it.
func (i *Injection) Revert(ctx context.Context) error {
	if i.Lift == nil {
		return nil
	}
	return i.Lift(ctx)
}

// answerLimit is how long an address has to answer before it counts as silent. On a lab's bridge an
// answer takes well under a millisecond; the rest is for a starved machine.
const answerLimit = 700 * time.Millisecond

// waitForAddress allows for what a kernel leaves to a worker: an IPv6 address that was added was seen to be
// in force only half a second later on a busy machine, and who has asked for it in vain asks again a
// second after that.
var waitForAddress = harness.Wait{For: "the new address to answer", Interval: 50 * time.Millisecond, Limit: 3 * time.Second}

// discardPort is a port nothing listens on: an address that is there refuses it, one that is not
// says nothing.
const discardPort = 9

// answers tells whether an address is there, as seen from the observer. A refused connection is an answer.
func answers(ctx context.Context, lab harness.Lab, address netip.Addr) bool {
	return answersTo(ctx, lab, harness.VantageObserver, address)
}

// answersTo is answers as seen from a node.
func answersTo(ctx context.Context, lab harness.Lab, from string, address netip.Addr) bool {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	connection, err := lab.Dial(ctx, from, "tcp", netip.AddrPortFrom(address, discardPort).String())
	if err == nil {
		_ = connection.Close()
		return true
	}
	return errors.Is(err, syscall.ECONNREFUSED) || strings.Contains(err.Error(), "connection refused")
}

// confirmEnded proves that the node's main process is gone: its parent, which did not strike, says so.
func confirmEnded(lab harness.Lab, node string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		status, err := lab.Status(ctx, node)
		if err != nil {
			return "", fmt.Errorf("look at %s: %w", node, err)
		}
		if status.Running {
			return "", fmt.Errorf("the main process of %s still runs (pid %d)", node, status.PID)
		}
		return fmt.Sprintf("the main process of %s ended by signal %q", node, status.Signal), nil
	}
}
