package drill

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a spec that waits for the drill is never ahead of its record: what it waited for is in there. Method: a probe
// in each role that is asked once a second; the service fails and is repaired between two of its samples, where a
// look of the spec's own would have seen it down and up, and the record neither.
func TestAwaitSeesWhatTheRecordSays(t *testing.T) {
	for role, watch := range map[string]func(context.Context, *fakeDrill, harness.Probe) error{
		"watched":    func(ctx context.Context, d *fakeDrill, probe harness.Probe) error { return d.Watch(ctx, probe) },
		"unseen":     func(ctx context.Context, d *fakeDrill, probe harness.Probe) error { return d.WatchSilent(ctx, probe) },
		"unaffected": func(ctx context.Context, d *fakeDrill, probe harness.Probe) error { return d.Unaffected(ctx, probe) },
	} {
		t.Run(role, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				drill := newFakeDrill(t)
				ctx := t.Context()
				heartbeat := fakeProbe{name: "heartbeat", period: time.Second, latency: time.Millisecond, cluster: drill.cluster}
				testkit.Must(t, watch(ctx, drill, heartbeat), drill.AwaitUp(ctx, heartbeat))
				drill.fault.breaks = append(drill.fault.breaks, "heartbeat")
				drill.toDetection(t)
				testkit.Must(t, drill.AwaitDown(ctx, heartbeat))
				testkit.Must(t, drill.Repair(ctx, fakeRunbook{{Name: "heal", Do: func(context.Context, harness.Operator) error {
					drill.cluster.heal("heartbeat", "quorum", "service")
					return drill.AwaitUp(ctx, heartbeat) // from within a step
				}}}))
				sli := drill.Record().SLIs[0]
				if got := len(sli.Intervals); got != 3 || sli.Intervals[1].Up || !sli.Intervals[2].Up {
					t.Errorf("the record has %+v, want up, down and up", sli.Intervals)
				}
			})
		})
	}
}

// Goal: a sample from before the fault says nothing of after it. Method: a probe that is up before the fault and whose
// next sample comes a second later.
func TestAwaitLooksAfterTheFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		ctx := t.Context()
		slow := fakeProbe{name: "slow", period: 5 * time.Second, cluster: drill.cluster}
		testkit.Must(t, drill.Watch(ctx, slow), drill.Baseline(ctx, drill.steady), drill.StartWriting(ctx, drill.ledgers))
		testkit.Must(t, drill.Inject(ctx, drill.fault), drill.AwaitUp(ctx, slow))
		record := drill.Record()
		if interval := record.SLIs[0].Intervals[0]; interval.To < record.Fault.At {
			t.Errorf("the last sample, of %v, is older than the fault, of %v", interval.To, record.Fault.At)
		}
	})
}

// Goal: a wait that cannot end as wanted says why. Method: each way for it.
func TestAwaitSaysWhyNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		ctx := t.Context()
		service := drill.steady[1]
		check := func(err error, want string) {
			t.Helper()
			testkit.Expect(t, err, want)
		}
		check(drill.AwaitUp(ctx, nil), "await a probe up: there is none")
		check(drill.AwaitUp(ctx, service), `await "service" up: this drill does not watch it`)
		testkit.Must(t, drill.Baseline(ctx, drill.steady))
		check(drill.AwaitUp(ctx, fakeProbe{name: "other"}), `await "other" up: this drill does not watch it`)
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		check(drill.AwaitDown(short, service), `wait for "service" to be seen down: broken off after 1s: context deadline `+
			`exceeded: it still holds`)
		check(drill.AwaitDown(ctx, service), `wait for "service" to be seen down: not within`)
		testkit.Must(t, drill.Close(ctx))
		check(drill.AwaitUp(ctx, service), "the drill is closed")
	})
}
