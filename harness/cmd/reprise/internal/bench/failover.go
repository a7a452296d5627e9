//go:build bench

package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drill"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/systems/vrrp"
	"github.com/reprise-dr/reprise/reports"
)

// failoverTarget is what the postmortem's wiki page calls normal; more is an alarm.
const failoverTarget = 5 * time.Second

// DefaultFailovers is how often each event happens with each setting at most, unless it is said.
const DefaultFailovers = 10

// failoverBudget is how long one setting is measured before no further turn begins: slow ones would take most of
// an hour. The table says how many turns there were.
const failoverBudget = 3 * time.Minute

// failoverObjective watches for as long as OSPF as FRR ships it may need.
var failoverObjective = harness.Objective{
	RTO: failoverTarget, NoData: true, Dwell: 2 * time.Second, DetectWithin: 30 * time.Second, GiveUpAfter: 3 * time.Minute,
}

// A failoverEvent is something that happens to the first router, and who is master afterwards.
type failoverEvent struct {
	name   string
	cause  func(vrrp.Site) harness.Fault
	expect func(vrrp.Settings) vrrp.Prediction
	after  func(vrrp.Site) string
}

// failoverEvents undo each other in pairs, so that they can happen in a row.
func failoverEvents() []failoverEvent {
	first, second := func(s vrrp.Site) string { return s.First }, func(s vrrp.Site) string { return s.Second }
	return []failoverEvent{
		{
			"handed over", func(s vrrp.Site) harness.Fault { return vrrp.MasterFile{Pair: s.Pair, Router: s.First} },
			vrrp.Settings.HandOver, second,
		},
		{
			"taken back", func(s vrrp.Site) harness.Fault { return vrrp.MasterFile{Pair: s.Pair, Router: s.First, Restore: true} },
			func(s vrrp.Settings) vrrp.Prediction { return s.TakeBack(false) }, first,
		},
		{"power lost", func(s vrrp.Site) harness.Fault { return fault.PowerLoss{Node: s.First} }, vrrp.Settings.Silence, second},
		{
			"power back", func(s vrrp.Site) harness.Fault {
				return fault.Maintenance{Runbook: runbook.PowerOn{Node: s.First}}
			},
			func(s vrrp.Settings) vrrp.Prediction { return s.TakeBack(true) }, first,
		},
	}
}

// An outages is what clients lost in all turns of one event with one setting.
type outages struct {
	event     failoverEvent
	predicted vrrp.Prediction
	worst     []time.Duration // of all clients, in each turn
	gateway   []time.Duration // the part of it that was VRRP's
	doubtful  int             // turns in which a router was starved, and which are not counted
}

// measureFailover has the routers fail over again and again, with one setting after the other.
func (b *bench) measureFailover(ctx context.Context) error {
	measured := map[string][]Figure{}
	var order []string
	for _, settings := range fixtures.RouterTunings() {
		all, err := b.failoversWith(ctx, settings)
		if err != nil {
			return fmt.Errorf("fail over with the settings %q: %w", settings.Name, err)
		}
		for i := range all {
			group := failoverGroup + all[i].event.name
			if len(measured[group]) == 0 {
				order = append(order, group)
			}
			measured[group] = append(measured[group], all[i].figures(group, settings.Name)...)
		}
	}
	for _, group := range order {
		b.report.add(measured[group]...)
	}
	return nil
}

// failoversWith brings the routers up once, and has every event happen in each turn.
func (b *bench) failoversWith(ctx context.Context, settings fixtures.RouterSettings) ([]outages, error) {
	topology := fixtures.Routers(settings)
	site, err := vrrp.SiteOf(topology)
	if err != nil {
		return nil, err
	}
	var all []outages
	err = b.withLab(ctx, topology, func(ctx context.Context, cluster *lab.Lab) error {
		configured, err := site.ReadSettings(ctx, cluster)
		if err != nil {
			return err
		}
		if err := site.AwaitMaster(ctx, cluster, site.First); err != nil {
			return err
		}
		for _, event := range failoverEvents() {
			all = append(all, outages{event: event, predicted: event.expect(configured)})
		}
		began := time.Now()
		for turn := range b.Failovers {
			if time.Since(began) > failoverBudget {
				break
			}
			for i := range all {
				if err := all[i].happen(ctx, cluster, site, configured); err != nil {
					return fmt.Errorf("turn %d: %s: %w", turn+1, all[i].event.name, err)
				}
			}
			b.say("%s, turn %d of %d: %s", settings.Name, turn+1, b.Failovers, latest(all))
		}
		return nil
	})
	return all, err
}

// latest tells of the last turn.
func latest(all []outages) string {
	text := ""
	for i := range all {
		one := &all[i]
		if i > 0 {
			text += ", "
		}
		if len(one.worst) == 0 {
			text += one.event.name + " in doubt"
			continue
		}
		text += one.event.name + " " + reports.FormatDuration(one.worst[len(one.worst)-1])
	}
	return text
}

// happen has the event happen once, in a drill of its own, at any moment between two checks.
func (o *outages) happen(ctx context.Context, cluster *lab.Lab, site vrrp.Site, settings vrrp.Settings) error {
	phase := time.Duration(rand.Int64N(int64(settings.Check))) //nolint:gosec // any moment will do
	drill, err := drill.New(cluster, harness.Plan{Scenario: "bench-failover", Objective: failoverObjective, Phase: phase})
	if err != nil {
		return err
	}
	err = o.run(ctx, drill, site)
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
	defer cancel()
	record := drill.Record()
	// The event is no fault that the harness would lift: the next one undoes it. Nothing but the drill's own is closed.
	if err == nil {
		err = o.take(ctx, cluster, site, settings, record)
	}
	if err != nil {
		return errors.Join(err, drill.Close(limited))
	}
	return site.AwaitMaster(ctx, cluster, o.event.after(site))
}

// run takes the drill to the recovery. An event that broke nothing is over at once.
func (o *outages) run(ctx context.Context, drill *drill.Drill, site vrrp.Site) error {
	steady := site.Works()
	for _, step := range []func() error{
		func() error { return drill.Watch(ctx, site.Watched()...) },
		func() error { return drill.Baseline(ctx, steady) },
		func() error { return drill.Inject(ctx, o.event.cause(site)) },
		func() error { return drill.Detect(ctx, steady) },
		func() error { return drill.AwaitRecovery(ctx, steady) },
	} {
		if err := step(); errors.Is(err, harness.ErrNotDetected) {
			break
		} else if err != nil {
			return err
		}
	}
	_ = drill.Judge() // the figures count here, and no verdict is claimed
	return nil
}

// take adds what the drill has measured, unless a router was starved.
func (o *outages) take(
	ctx context.Context, cluster *lab.Lab, site vrrp.Site, settings vrrp.Settings, record harness.Record,
) error {
	stalls, err := site.Starved(ctx, cluster, settings, record)
	if err != nil {
		return err
	}
	if len(stalls) > 0 {
		o.doubtful++
		return nil
	}
	losses, err := site.Losses(record)
	if err != nil {
		return err
	}
	worst := vrrp.Worst(losses)
	o.worst, o.gateway = append(o.worst, worst.Down), append(o.gateway, worst.VRRP)
	return nil
}

// figures are the outages and VRRP's part of them.
func (o *outages) figures(group, settings string) []Figure {
	if len(o.worst) == 0 {
		return []Figure{{
			Group: group, Name: settings, Verdict: unknown,
			Found: []string{fmt.Sprintf("a router was starved in all %d turns", o.doubtful)},
		}}
	}
	whole := timing(group, settings, o.worst)
	whole.Target, whole.Verdict = "max ≤ "+reports.FormatDuration(failoverTarget), judged(whole.Most <= failoverTarget)
	whole.Predicted = o.predicted.Outage().String()
	part := timing(group, settings+gatewayPart, o.gateway)
	return []Figure{whole, part}
}
