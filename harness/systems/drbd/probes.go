package drbd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// period is how often each question is asked. A machine that is software needs some 50 ms for one answer.
const period = 500 * time.Millisecond

// mostOfALook is how long a machine may take to say what it is: most of a probe's time limit, so that one that is
// silent counts as none.
const mostOfALook = 1500 * time.Millisecond

// A probe is one claim about a pair.
type probe struct {
	name  string
	check func(ctx context.Context, observer harness.Observer) error
}

func (p probe) Name() string        { return p.name }
func (probe) Period() time.Duration { return period }
func (p probe) Check(ctx context.Context, observer harness.Observer) error {
	return p.check(ctx, observer)
}

// Serves claims that clients, who know both machines, can read the rows from one.
func Serves(pair Pair) harness.Probe {
	return probe{"rows can be read", func(ctx context.Context, observer harness.Observer) error {
		_, err := pair.read(ctx, observer)
		return err
	}}
}

// InSync are two claims, one for each machine: as it sees it, both are connected and have the same on their disks.
func (p Pair) InSync() []harness.Probe {
	var claims []harness.Probe
	for _, node := range p.Both() {
		claims = append(claims, probe{node + " is in sync", func(ctx context.Context, observer harness.Observer) error {
			status, err := p.status(ctx, observer, node)
			if err == nil && !status.InSync() {
				err = errors.New(status.String())
			}
			return err
		}})
	}
	return claims
}

// OnePrimary claims that exactly one machine may write. One that does not answer is none.
func OnePrimary(pair Pair) harness.Probe {
	return probe{"one primary", func(ctx context.Context, observer harness.Observer) error {
		limited, cancel := context.WithTimeout(ctx, mostOfALook)
		defer cancel()
		var may [2]bool
		var group sync.WaitGroup
		for i, node := range pair.Both() {
			group.Go(func() {
				status, err := pair.status(limited, observer, node)
				may[i] = err == nil && status.Primary()
			})
		}
		group.Wait()
		var primaries []string
		for i, node := range pair.Both() {
			if may[i] {
				primaries = append(primaries, node)
			}
		}
		if len(primaries) == 1 {
			return nil
		}
		return fmt.Errorf("%d machines are primary: %s", len(primaries), strings.Join(primaries, ", "))
	}}
}

// Primaries are two probes that say who may write, one of which fails in peace: they are for [drill.Drill.Watch],
// and [Pair.TwoPrimaries] counts with them.
func (p Pair) Primaries() []harness.Probe {
	var claims []harness.Probe
	for _, node := range p.Both() {
		claims = append(claims, probe{primaryName(node), func(ctx context.Context, observer harness.Observer) error {
			status, err := p.status(ctx, observer, node)
			if err == nil && !status.Primary() {
				err = errors.New(status.String())
			}
			return err
		}})
	}
	return claims
}

func primaryName(node string) string { return node + " is primary" }
