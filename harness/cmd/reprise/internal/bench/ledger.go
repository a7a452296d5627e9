//go:build bench

package bench

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drill"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/judge"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/systems/consul"
	"github.com/reprise-dr/reprise/reports"
)

const (
	// DefaultElections is how many leaders are killed with the ledger, and as many without.
	DefaultElections = 10
	// ledgerTarget is how many writes a second have to be acknowledged.
	ledgerTarget = 200
	// ledgerPeace is how long the rate and the cost of the ledger are measured, and those of the peace
	// without it.
	ledgerPeace = 10 * time.Second
	// ledgerWarm is how long the ledger writes before a leader is killed; up to one heartbeat timeout
	// more is drawn, so that leaders die at any moment between two heartbeats.
	ledgerWarm  = time.Second
	ledgerPhase = time.Second
)

// electionWon is what a Consul server prints when it becomes the leader (hashicorp/raft).
const electionWon = "entering leader state"

// ledgerObjective only has to make sense: elections are measured here, not judged.
var ledgerObjective = harness.Objective{RTO: 30 * time.Second, Dwell: time.Second}

// elections are what one arm measured.
type elections struct {
	name  string
	won   []time.Duration // from the kill until a server's log says that it leads
	seen  []time.Duration // from the kill until the probe was back
	acked int
	wrote time.Duration // the peace in which acked were acknowledged
	lost  int
}

// measureLedger measures the ledger at its own rate: how many writes are acknowledged, what they cost,
// and whether a cluster that serves them elects its leaders as fast as one that does not.
func (b *bench) measureLedger(ctx context.Context) error {
	return b.withLab(ctx, fixtures.ConsulServers(servers), func(ctx context.Context, cluster *lab.Lab) error {
		if err := waitForElections.Until(ctx, holds(cluster, harness.All(consul.Quorum(servers)))); err != nil {
			return err
		}
		if err := b.measureLedgerPeace(ctx, cluster); err != nil {
			return err
		}
		off, on := elections{name: "without the ledger"}, elections{name: "with the ledger"}
		for turn := range b.Elections {
			for _, arm := range []*elections{&off, &on} {
				if err := arm.measure(ctx, cluster, turn); err != nil {
					return fmt.Errorf("election %d %s: %w", turn+1, arm.name, err)
				}
			}
			b.say("killed the leader %d of %d times in each arm: elected after %s without and %s with the ledger", turn+1, b.Elections,
				reports.FormatDuration(off.won[turn]), reports.FormatDuration(on.won[turn]))
		}
		b.report.add(electionFigures(off, on)...)
		return nil
	})
}

// measure kills the leader in a drill of its own.
func (e *elections) measure(ctx context.Context, cluster *lab.Lab, turn int) (err error) {
	leader, err := consul.LeaderNode(ctx, cluster)
	if err != nil {
		return err
	}
	var ledgers []harness.Ledger
	objective := ledgerObjective
	if objective.NoData = e.name == "without the ledger"; !objective.NoData {
		ledgers = harness.Ledgers(consul.FastKV(fmt.Sprintf("bench/ledger/%d", turn)))
	}
	// The same phases in both arms: they differ in the ledger and nothing else.
	phase := ledgerWarm + time.Duration(rand.New(rand.NewPCG(uint64(turn), 1)).Int64N(int64(ledgerPhase))) //nolint:gosec // repeatable on purpose
	drill, err := drill.New(cluster, harness.Plan{Scenario: "bench-ledger", Objective: objective, Phase: phase})
	if err != nil {
		return err
	}
	began, err := e.run(ctx, drill, leader, ledgers)
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
	defer cancel()
	if closing := drill.Close(limited); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	record := drill.Record()
	killed := record.Started.Add(record.Fault.At)
	if err := e.addWon(ctx, cluster, killed); err != nil {
		return err
	}
	e.addRecord(record, killed.Sub(began))
	return waitForPeace.Until(ctx, holds(cluster, harness.All(consul.Quorum(servers))))
}

// run takes the drill from its steady state to the new leader and brings the old one back. It returns
// when the writing began.
func (e *elections) run(ctx context.Context, drill *drill.Drill, leader string, ledgers []harness.Ledger) (time.Time, error) {
	steady := harness.All(consul.Leader())
	var began time.Time
	steps := []func() error{
		func() error { return drill.Baseline(ctx, steady) },
		func() error {
			began = time.Now()
			if len(ledgers) == 0 {
				return nil
			}
			return drill.StartWriting(ctx, ledgers)
		},
		func() error { return drill.Inject(ctx, fault.ProcessKill{Node: leader}) },
		func() error { return drill.Detect(ctx, steady) },
		func() error { return drill.AwaitRecovery(ctx, steady) },
		func() error {
			if len(ledgers) == 0 {
				return nil
			}
			return drill.Reconcile(ctx, ledgers)
		},
		func() error { return drill.Revert(ctx) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return began, err
		}
	}
	return began, nil
}

// addWon reads in the servers' logs when the new leader was elected.
func (e *elections) addWon(ctx context.Context, cluster *lab.Lab, killed time.Time) error {
	var won []time.Time
	for _, node := range cluster.Topology().Selected(consul.ServerRole) {
		lines, err := runbook.LogLines(ctx, cluster, node.Name, killed, electionWon)
		if err != nil {
			return err
		}
		for _, line := range lines {
			if line.At.After(killed) {
				won = append(won, line.At)
			}
		}
	}
	if len(won) == 0 {
		return fmt.Errorf("no server's log says %q after the leader was killed", electionWon)
	}
	e.won = append(e.won, slices.MinFunc(won, time.Time.Compare).Sub(killed))
	return nil
}

// addRecord adds what the drill's own probe and ledger saw.
func (e *elections) addRecord(record harness.Record, wrote time.Duration) {
	for _, outage := range judge.Judge(record).Outages {
		e.seen = append(e.seen, outage.Back)
	}
	for _, ledger := range record.Ledgers {
		e.acked += ledger.AcknowledgedBefore
		e.wrote += wrote
		e.lost += ledger.Lost
	}
}

// electionFigures compare the arms. The medians' difference is given with the interval that covers it
// in 95 of 100 resamplings: elections take a random time by design, and a few tell no more than that.
func electionFigures(off, on elections) []Figure {
	const group = electionsGroup
	var figures []Figure
	for _, arm := range []elections{off, on} {
		figures = append(figures, timing(group, arm.name+": a server's log says that it leads", arm.won))
		if len(arm.seen) > 0 {
			figures = append(figures, timing(group, arm.name+": the probe is back", arm.seen))
		}
	}
	low, high := differenceOfMedians(off.won, on.won)
	moved := plainFigure(group, fmt.Sprintf("difference of the medians in ms, with a 95 %% interval of %s … %s",
		reports.FormatDuration(low), reports.FormatDuration(high)),
		float64(medianOf(on.won)-medianOf(off.won))/float64(time.Millisecond))
	moved.Target, moved.Verdict = fmt.Sprintf("interval within ± %v", tolerableShift), shift(low, high)
	lost := plainFigure(group, "acknowledged writes lost", float64(on.lost))
	lost.Target, lost.Verdict = "0", judged(on.lost == 0)
	return append(figures, moved, rateFigure(group, "acknowledged writes a second before the kills", on.acked, on.wrote), lost)
}

// tolerableShift is how much later a leader may be elected with the ledger: a fifth of the shortest time
// after which a follower misses its leader.
const tolerableShift = 200 * time.Millisecond

// shift tells whether the ledger moves elections. An interval that holds both a tolerable shift and an
// intolerable one tells nothing: more elections would.
func shift(low, high time.Duration) string {
	switch {
	case low >= -tolerableShift && high <= tolerableShift:
		return judged(true)
	case low > 0 || high < 0:
		return judged(false)
	}
	return unknown
}

func medianOf(samples []time.Duration) time.Duration {
	return median(slices.Sorted(slices.Values(samples)))
}

// resamplings is how often the interval draws from what was measured.
const resamplings = 10_000

// differenceOfMedians is the interval that holds the middle 95 % of the differences (second median minus
// first) when both sides are drawn again from their samples (bootstrap, by percentiles).
func differenceOfMedians(first, second []time.Duration) (low, high time.Duration) {
	draw := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // the same figures for the same samples
	again := func(samples []time.Duration) time.Duration {
		drawn := make([]time.Duration, len(samples))
		for i := range drawn {
			drawn[i] = samples[draw.IntN(len(samples))]
		}
		return medianOf(drawn)
	}
	differences := make([]time.Duration, resamplings)
	for i := range differences {
		differences[i] = again(second) - again(first)
	}
	slices.SortFunc(differences, cmp.Compare[time.Duration])
	return differences[resamplings*25/1000], differences[resamplings*975/1000]
}

// plainFigure is a figure that is a number.
func plainFigure(group, name string, number float64) Figure {
	return Figure{Group: group, Name: name, Number: &number}
}

// rateFigure is the rate of acknowledged writes.
func rateFigure(group, name string, acked int, wrote time.Duration) Figure {
	rate := float64(acked) / wrote.Seconds()
	f := plainFigure(group, name, rate)
	f.Target, f.Verdict = fmt.Sprintf("≥ %d", ledgerTarget), judged(rate >= ledgerTarget)
	return f
}

// measureLedgerPeace measures a drill in peace without the ledger, then one with it.
func (b *bench) measureLedgerPeace(ctx context.Context, cluster *lab.Lab) error {
	const group = ledgerGroup
	var figures []Figure
	for _, ledgers := range [][]harness.Ledger{nil, harness.Ledgers(consul.FastKV("bench/peace"))} {
		objective := ledgerObjective
		objective.NoData = ledgers == nil
		drill, err := drill.New(cluster, harness.Plan{Scenario: "bench-ledger", Objective: objective})
		if err != nil {
			return err
		}
		used, began, within, err := peace(ctx, cluster, drill, ledgers)
		wrote := time.Since(began)
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
		if closing := drill.Close(limited); err == nil {
			err = closing
		}
		cancel()
		if err != nil {
			return err
		}
		name := "without the ledger"
		if ledgers != nil {
			name = "with the ledger"
			for _, ledger := range drill.Record().Ledgers {
				figures = append(figures,
					rateFigure(group, "acknowledged writes a second", ledger.Acknowledged, wrote),
					plainFigure(group, "writes a second attempted", float64(ledger.Attempted)/wrote.Seconds()))
			}
		}
		figures = append(figures, used.figures(group, name, within)...)
	}
	b.report.add(figures...)
	b.say("measured the ledger in peace for %s", reports.FormatDuration(ledgerPeace))
	return nil
}

// peace runs a drill without a fault for a while. It says what was used meanwhile and for how long, and
// when the writing began: it goes on until the drill is closed.
func peace(
	ctx context.Context, cluster *lab.Lab, drill *drill.Drill, ledgers []harness.Ledger,
) (used processorTimes, began time.Time, within time.Duration, err error) {
	if err := drill.Baseline(ctx, harness.All(consul.Leader())); err != nil {
		return used, began, 0, err
	}
	before, err := readProcessorTimes(ctx, cluster)
	if err != nil {
		return used, began, 0, err
	}
	began = time.Now()
	if ledgers != nil {
		if err := drill.StartWriting(ctx, ledgers); err != nil {
			return used, began, 0, err
		}
	}
	select {
	case <-ctx.Done():
		return used, began, 0, ctx.Err()
	case <-time.After(time.Until(began.Add(ledgerPeace))):
	}
	within = time.Since(began)
	after, err := readProcessorTimes(ctx, cluster)
	return after.since(before), began, within, err
}
