package labtest

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
)

const askedPath = "/etc/asked"

// A question is a probe that is right: it reads a file of a node. Each field breaks it in one way.
type question struct {
	name    string
	period  time.Duration
	counts  *int // its name becomes another one
	open    bool // it holds whatever it is told
	never   bool // it never holds
	deaf    bool // it goes on after the end of its context
	writes  bool // by what it is not given, but has
	grows   bool // it asks for more than an Observer
	babbles bool
	has     harness.Operator
}

func (q question) Name() string {
	if q.counts != nil {
		*q.counts++
		return q.name + string(rune('0'+*q.counts))
	}
	return q.name
}

func (q question) Period() time.Duration { return q.period }

func (q question) Check(ctx context.Context, observer harness.Observer) error {
	if q.writes {
		if err := q.has.WriteFile(ctx, "one", harness.File{Path: askedPath}); err != nil {
			return err
		}
	}
	if q.grows {
		observer.(harness.Operator).Topology()
	}
	if q.deaf {
		ctx = context.WithoutCancel(ctx)
	}
	_, err := observer.ReadFile(ctx, "one", "/etc/hosts")
	switch {
	case q.never:
		return errors.New("it rains")
	case q.open:
		return nil
	case err != nil && q.babbles:
		return errors.Join(err, err)
	}
	return err
}

// hosted is two machines with the file that questions ask for.
func hosted(t *testing.T) *Lab {
	t.Helper()
	machines := twoMachines(t)
	Expect(t, machines.WriteFile(t.Context(), "one", harness.File{Path: "/etc/hosts"}), "")
	return machines
}

// Goal: a probe that is right passes, and every point of the contract can be broken. Method: one that is right, and the same one
// with one thing wrong at a time, in memory and on a fake clock.
func TestProbeContract(t *testing.T) {
	for want, broken := range map[string]func(right *question){
		"":                                     func(*question) {},
		"its name is empty":                    func(right *question) { right.name = "" },
		"its name becomes":                     func(right *question) { right.counts = new(int) },
		"its period is 0s":                     func(right *question) { right.period = 0 },
		"it does not hold in peace: wait for":  func(right *question) { right.never = true },
		"it panicked: interface conversion":    func(right *question) { right.grows = true },
		"asking it changes machines: write":    func(right *question) { right.writes = true },
		"it holds although no node is there":   func(right *question) { right.open = true },
		"when nothing answers: it still goes":  func(right *question) { right.deaf = true },
		"its error when no node is there is n": func(right *question) { right.babbles = true },
	} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				machines := hosted(t)
				right := question{name: "it is known", period: time.Second, has: machines}
				broken(&right)
				Expect(t, TestProbe(t.Context(), machines, ProbeCase{Probe: right}), want)
			})
		})
	}
	Expect(t, TestProbe(t.Context(), twoMachines(t), ProbeCase{}), "there is no probe to test")
}

// A quiet lab keeps no journal, as a real one.
type quietLab struct{ machines *Lab }

func (q quietLab) observer() harness.Observer {
	return struct{ harness.Observer }{q.machines}
}

// Goal: what asking leaves on a node is found by its fingerprint, unless it is planned. Method: a probe that writes a file, on
// machines without a journal.
func TestProbeThatLeavesSomething(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machines := hosted(t)
		asked := 0
		writes := ProbeCase{Probe: writer{question{name: "it is known", period: time.Second, has: machines}, &asked}}
		Expect(t, TestProbe(t.Context(), quietLab{machines}.observer(), writes), "asking it changes nodes: wait for")
		writes.Planned = []drift.Planned{{Kind: harness.KindFile, Key: askedPath, Because: "there is no other way to learn it"}}
		Expect(t, TestProbe(t.Context(), quietLab{machines}.observer(), writes), "")
	})
}

// A writer writes something else each time.
type writer struct {
	question
	asked *int
}

func (w writer) Check(ctx context.Context, observer harness.Observer) error {
	*w.asked++
	file := harness.File{Path: askedPath, Data: []byte(time.Duration(*w.asked).String())}
	return errors.Join(w.has.WriteFile(ctx, "one", file), w.question.Check(ctx, observer))
}

// Goal: checks of the network are asked through the same conditions: whoever is gone refuses, whoever is silent says nothing.
// Method: a port that is open, in each.
func TestPartialObserverChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const web = "[fd00::11]:80"
		machines := Serving(t, web, Says(200, ""))
		observer := newPartialObserver(machines)
		for now, want := range map[condition]string{whole: "", gone: "connection refused", silent: "silence"} {
			observer.set(now, 0)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			first := make(chan error, 100)
			check := harness.Check{TCP: &harness.TCPCheck{At: netip.MustParseAddrPort(web)}}
			stream, err := observer.StartCheck(ctx, "observer", check, harness.Schedule{Period: 100 * time.Millisecond},
				func(samples []harness.Sample) {
					if len(first) == 0 {
						first <- samples[0].Err
					}
				})
			Expect(t, err, "")
			Expect(t, stream.Change(check), "")
			var got error
			select {
			case got = <-first:
			case <-ctx.Done():
				got = errors.New("silence")
			}
			Expect(t, got, want)
			cancel()
			<-stream.Done()
		}
		observer.close()
		machines.Close()
	})
}
