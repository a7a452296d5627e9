package drbd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// period is how often each question is asked. A machine that is software needs some 50 ms for one answer.
const period = 500 * time.Millisecond

// mostOfALook is how long a machine may take to say what it is: most of a probe's time limit, so that one that is
// silent counts as none.
const mostOfALook = 1500 * time.Millisecond

// Serves claims that clients, who know both machines, can read the rows from one.
func Serves(pair Pair) harness.Probe {
	return probe.Func{Label: "rows can be read", Every: period, Ask: func(ctx context.Context, observer harness.Observer) error {
		_, err := pair.read(ctx, observer)
		return err
	}}
}

// InSync are two claims, one for each machine: as it sees it, both are connected and have the same on their disks.
func (p Pair) InSync() []harness.Probe {
	return p.each(func(node string) string { return node + " is in sync" }, Status.InSync)
}

// each are two claims, one for each machine, about what DRBD says there.
func (p Pair) each(label func(node string) string, holds func(Status) bool) []harness.Probe {
	var claims []harness.Probe
	for _, node := range p.Both() {
		look := func(ctx context.Context, observer harness.Observer) error {
			status, err := p.status(ctx, observer, node)
			if err == nil && !holds(status) {
				err = errors.New(status.String())
			}
			return err
		}
		claims = append(claims, probe.Func{Label: label(node), Every: period, Ask: look})
	}
	return claims
}

// OnePrimary claims that exactly one machine may write. One that does not answer is none.
func OnePrimary(pair Pair) harness.Probe {
	return probe.Func{Label: "one primary", Every: period, Ask: func(ctx context.Context, observer harness.Observer) error {
		limited, cancel := context.WithTimeout(ctx, mostOfALook)
		defer cancel()
		primaries := probe.NodesWhere(limited, pair.Both(), func(ctx context.Context, node string) bool {
			status, err := pair.status(ctx, observer, node)
			return err == nil && status.Primary()
		})
		if len(primaries) == 1 {
			return nil
		}
		return fmt.Errorf("%d machines are primary: %s", len(primaries), strings.Join(primaries, ", "))
	}}
}

// Primaries are two probes that say who may write, one of which fails in peace: they are for [drill.Drill.Watch],
// and [Pair.TwoPrimaries] counts with them.
func (p Pair) Primaries() []harness.Probe { return p.each(primaryName, Status.Primary) }

func primaryName(node string) string { return node + " is primary" }
