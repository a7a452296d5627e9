package lab

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/lab/doctor"
)

// Apply prepares the actions on every node, then fires them at one instant. A single node is
// struck at once; several agree on an instant shortly ahead, so that the skew between them is that
// of their timers and not that of the messages.
func (l *Lab) Apply(ctx context.Context, nodeActions []harness.NodeActions) (harness.Impact, error) {
	if len(nodeActions) == 0 {
		return harness.Impact{}, fmt.Errorf("apply actions: no node is named")
	}
	if err := l.openPrefixes(ctx, nodeActions); err != nil {
		return harness.Impact{}, err
	}
	prepared, err := l.prepare(ctx, nodeActions)
	if err != nil {
		return harness.Impact{}, err
	}
	reports, err := l.fire(ctx, nodeActions, prepared)
	if err != nil {
		return harness.Impact{}, err
	}
	if err := l.refreshAddresses(ctx, nodeActions); err != nil {
		return harness.Impact{}, err
	}
	return summarise(nodeActions, reports), nil
}

// A report is what one node's agent said of its action, on the harness's clock.
type report struct {
	called, began, done time.Time
	uncertainty         time.Duration
}

func (l *Lab) prepare(ctx context.Context, nodeActions []harness.NodeActions) ([]agent.Prepared, error) {
	prepared := make([]agent.Prepared, len(nodeActions))
	group, ctx := errgroup.WithContext(ctx)
	for i, nodeAction := range nodeActions {
		node, err := l.node(nodeAction.Node)
		if err != nil {
			return nil, err
		}
		group.Go(func() (err error) {
			prepared[i], err = node.agent.Prepare(ctx, nodeAction.Actions)
			return err
		})
	}
	return prepared, group.Wait()
}

func (l *Lab) fire(ctx context.Context, nodeActions []harness.NodeActions, prepared []agent.Prepared) ([]report, error) {
	clocks := make([]agent.Clock, len(nodeActions))
	group, groupCtx := errgroup.WithContext(ctx)
	for i, nodeAction := range nodeActions {
		group.Go(func() (err error) {
			clocks[i], err = l.nodes[nodeAction.Node].agent.Clock(groupCtx)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("compare clocks: %w", err)
	}
	var at agent.Instant
	if len(nodeActions) > 1 {
		at = clocks[0].Instant(time.Now().Add(fireLead))
	}
	reports := make([]report, len(nodeActions))
	group, groupCtx = errgroup.WithContext(ctx)
	for i, nodeAction := range nodeActions {
		group.Go(func() error {
			called := time.Now()
			stamps, err := l.nodes[nodeAction.Node].agent.Fire(groupCtx, prepared[i], at)
			if err != nil {
				return err
			}
			// The agents share one kernel's clock: one comparison maps them all, so that the error of the
			// comparison cannot pose as skew. The one with the shortest round trip is the best.
			clock := best(clocks)
			reports[i] = report{
				called: called, uncertainty: clock.Uncertainty,
				began: clock.Time(stamps.Began), done: clock.Time(stamps.Done),
			}
			return nil
		})
	}
	return reports, group.Wait()
}

func best(clocks []agent.Clock) agent.Clock {
	return slices.MinFunc(clocks, func(a, b agent.Clock) int { return int(a.Uncertainty - b.Uncertainty) })
}

func summarise(nodeActions []harness.NodeActions, reports []report) harness.Impact {
	var impact harness.Impact
	for _, report := range reports {
		if impact.Before.IsZero() || report.began.Before(impact.Before) {
			impact.Before = report.began
		}
		impact.Uncertainty = max(impact.Uncertainty, report.uncertainty)
	}
	for i, report := range reports {
		impact.Effects = append(impact.Effects, harness.Effect{
			Node: nodeActions[i].Node, Began: report.began.Sub(impact.Before), Done: report.done.Sub(impact.Before),
			Call: report.done.Sub(report.called),
		})
	}
	return impact
}

// openPrefixes gives the observer a foot in every prefix the nodes are about to move into, as
// clients on the internet have a route to whatever the provider announces.
func (l *Lab) openPrefixes(ctx context.Context, nodeActions []harness.NodeActions) error {
	var added []netip.Prefix
	for _, nodeAction := range nodeActions {
		for _, action := range nodeAction.Actions {
			if action.Readdress == nil {
				continue
			}
			for _, to := range action.Readdress.To {
				if !slices.Contains(l.prefixes, to.Masked()) && !slices.Contains(added, to.Masked()) {
					added = append(added, to.Masked())
				}
			}
		}
	}
	if len(added) == 0 {
		return nil
	}
	if err := l.crossing(added); err != nil {
		return err
	}
	var addresses []netip.Prefix
	for _, prefix := range added {
		addresses = append(addresses, netip.PrefixFrom(harness.ObserverAddress(prefix), prefix.Bits()))
	}
	observer := l.nodes[harness.VantageObserver]
	if err := observer.agent.Configure(ctx, agent.Configuration{Addresses: addresses, KeepNames: true}); err != nil {
		return fmt.Errorf("give the observer a foot in %v: %w", added, err)
	}
	if err := l.routeFromOutside(ctx, added); err != nil {
		return err
	}
	l.mu.Lock()
	l.prefixes = append(l.prefixes, added...)
	l.mu.Unlock()
	return nil
}

// crossing is an error when nodes that move into the prefixes could not reach each other, for the engine's sake.
func (l *Lab) crossing(prefixes []netip.Prefix) error {
	for _, prefix := range prefixes {
		problem := l.bridges.MovedIPv6
		if prefix.Addr().Is4() {
			problem = l.bridges.MovedIPv4
		}
		if problem != "" {
			return fmt.Errorf("renumber into %s: on this engine, packets between other prefixes than the network's own %s: %s", prefix,
				problem, doctor.BridgeAdvice)
		}
	}
	return nil
}

// refreshAddresses asks the struck nodes what they answer to now.
func (l *Lab) refreshAddresses(ctx context.Context, nodeActions []harness.NodeActions) error {
	for _, nodeAction := range nodeActions {
		if !slices.ContainsFunc(nodeAction.Actions, func(action harness.Action) bool { return action.Readdress != nil }) {
			continue
		}
		addresses, err := l.nodes[nodeAction.Node].agent.Addresses(ctx)
		if err != nil {
			return fmt.Errorf("read the addresses of %s: %w", nodeAction.Node, err)
		}
		l.mu.Lock()
		l.addresses[nodeAction.Node] = addresses
		l.mu.Unlock()
	}
	return nil
}

// Interruptions are the moments since the lab started in which an agent did not get the processor,
// or its clock stepped.
func (l *Lab) Interruptions() []harness.Interruption {
	var all []harness.Interruption
	for _, node := range l.nodes {
		if node.agent != nil {
			all = append(all, node.agent.Interruptions()...)
		}
	}
	slices.SortFunc(all, func(a, b harness.Interruption) int { return a.From.Compare(b.From) })
	return all
}
