package calibration

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/drill"
	"github.com/reprise-dr/reprise/harness/lab"
)

// A campaign is one arm before it is run.
type campaign struct {
	cluster  *lab.Lab
	name     string
	seed     int64
	outages  int // of every service
	watchers []watcher
}

// settle is how long after the last outage the probes go on, so that its end is seen by everybody: longer
// than the slowest look.
const settle = 3 * time.Second

// run makes the outages, measures them by the sampler of an ordinary drill and, beside it, by the
// watchers, and compares.
func (c campaign) run(ctx context.Context) (Arm, error) {
	var bare float64
	if len(c.watchers) == 0 { // the machine is the observer's
		var err error
		if bare, err = bareCost(ctx, c.cluster); err != nil {
			return Arm{}, err
		}
	}
	drill, err := drill.New(c.cluster, harness.Plan{
		Scenario: "calibration", ID: "calibration-" + c.name, Seed: c.seed,
		Objective: harness.Objective{RTO: time.Hour, NoData: true}, // nothing is judged
	})
	if err != nil {
		return Arm{}, err
	}
	ruler, err := newRuler(ctx, c.cluster, drill.Record())
	if err == nil {
		err = drill.Watch(ctx, probes()...)
	}
	var arm Arm
	if err == nil {
		arm, err = c.measure(ctx, drill, ruler)
		arm.Bare = bare
	}
	// A drill that injected nothing is inconclusive, which is all that Judge could say.
	return arm, errors.Join(err, drill.Close(context.WithoutCancel(ctx)))
}

// measure runs the campaign under the eyes of a drill that watches already.
func (c campaign) measure(ctx context.Context, drill *drill.Drill, ruler *ruler) (Arm, error) {
	if err := waitForAll(ctx, drill); err != nil {
		return Arm{}, err
	}
	before, err := c.cluster.Usage(ctx, harness.VantageObserver)
	if err != nil {
		return Arm{}, err
	}
	started := time.Now()
	told, beside, err := c.cut(ctx)
	if err != nil {
		return Arm{}, err
	}
	took := time.Since(started)
	after, err := c.cluster.Usage(ctx, harness.VantageObserver)
	if err == nil {
		err = ruler.end(ctx, c.cluster)
	}
	if err != nil {
		return Arm{}, err
	}
	arm := Arm{Duration: took, Observer: load(before, after, took), Uncertainty: ruler.uncertainty()}
	record := drill.Record()
	truths := told.truths(ruler)
	arm.Methods = append(arm.Methods, arm.observed(record.SLIs, truths).figures())
	for i, watcher := range c.watchers {
		measured := measurement{method: watcher.method()}
		for site, outages := range beside[i] {
			measured.add(match(truths[site], placed(site, outages, ruler, told.Ahead)))
		}
		arm.Methods = append(arm.Methods, measured.figures())
	}
	return arm, nil
}

// observed compares what the record shows with the truth, and notes what the record says of its own gaps.
func (a *Arm) observed(slis []harness.RecordSLI, truths map[string][]truth) measurement {
	// The samples were placed on the harness's clock by a comparison of the same kind as the truth's.
	measured := measurement{method: "reprise", blind: map[string]time.Duration{}, margin: 2 * a.Uncertainty}
	for _, sli := range slis {
		measured.add(match(truths[sli.Name], sightings(sli)))
		measured.blind[sli.Name] = sli.LongestGap
		a.Skipped += sli.Skipped
		a.LongestGap = max(a.LongestGap, sli.LongestGap)
	}
	return measured
}

// cut makes the outages while the watchers watch every site, and returns what each has seen of each.
func (c campaign) cut(ctx context.Context) (wireTruth, []map[string][]stamped, error) {
	group, watching := errgroup.WithContext(ctx)
	stop := make(chan struct{})
	seen := make([]map[string]*[]stamped, len(c.watchers))
	for i, watcher := range c.watchers {
		seen[i] = map[string]*[]stamped{}
		for _, site := range fixtures.Cuttables() {
			if site.Check.HTTP == nil {
				continue
			}
			outages := new([]stamped)
			seen[i][site.Name] = outages
			group.Go(func() (err error) {
				*outages, err = watcher.watch(watching, stop, site)
				if err != nil {
					return fmt.Errorf("measure %s by %s: %w", site.Name, watcher.method(), err)
				}
				return nil
			})
		}
	}
	told, err := c.cutAll(ctx)
	close(stop)
	err = errors.Join(err, group.Wait())
	beside := make([]map[string][]stamped, len(seen))
	for i := range seen {
		beside[i] = map[string][]stamped{}
		for site, outages := range seen[i] {
			beside[i][site] = *outages
		}
	}
	return told, beside, err
}

func (c campaign) cutAll(ctx context.Context) (wireTruth, error) {
	if err := begin(ctx, c.cluster, c.seed, c.outages); err != nil {
		return wireTruth{}, err
	}
	told, err := waitForEnd(ctx, c.cluster, c.outages)
	if err != nil {
		return wireTruth{}, err
	}
	select {
	case <-ctx.Done():
	case <-time.After(settle):
	}
	return told, ctx.Err()
}

// waitForAll returns when the probes have found every service up.
func waitForAll(ctx context.Context, drill *drill.Drill) error {
	return waitForServices.Until(ctx, func(context.Context) error {
		slis := drill.Record().SLIs
		for _, sli := range slis {
			if len(sli.Intervals) == 0 {
				return fmt.Errorf("%q was not answered yet", sli.Name)
			}
			if last := sli.Intervals[len(sli.Intervals)-1]; !last.Up {
				return fmt.Errorf("%q fails: %s", sli.Name, last.Error)
			}
		}
		return nil
	})
}

// load is what the agent took between two looks.
func load(before, after agent.Usage, took time.Duration) Load {
	return Load{Processor: float64(after.CPU-before.CPU) / float64(took), PeakMemory: after.PeakMemory}
}

func placed(service string, outages []stamped, ruler *ruler, ahead time.Duration) []sighting {
	seen := make([]sighting, len(outages))
	for i, outage := range outages {
		seen[i] = outage.place(service, ruler, ahead)
	}
	return seen
}
