package drill

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// A fakeCluster is a lab whose system is a set of flags: what is down, and what a write does.
type fakeCluster struct {
	harness.Lab // what a test does not fake panics

	mu            sync.Mutex
	down          map[string]error // by probe
	hangs         map[string]bool  // by probe: no answer until the time limit
	entries       map[int]bool
	write         func(ctx context.Context, entry int) error // nil acknowledges
	read          func() error
	interruptions []harness.Interruption
	losses        []harness.Loss
	shortages     []string
	checks        int
	look          func(ctx context.Context, node string) (harness.Fingerprint, error)
	search        func(node string, old []netip.Addr, paths []string) ([]harness.Mention, error)
	ended         map[string]harness.SystemStatus // by node
}

func newFakeCluster() *fakeCluster {
	return &fakeCluster{down: map[string]error{}, hangs: map[string]bool{}, entries: map[int]bool{}}
}

func (c *fakeCluster) Topology() harness.Topology {
	topology := harness.Topology{Name: "fake"}
	for _, n := range []string{"1", "2"} {
		topology.Nodes = append(topology.Nodes, harness.Node{
			Name: "nomad-" + n, Role: "nomad-server",
			IPv6: netip.MustParseAddr("fd00:d1::1" + n), IPv4: netip.MustParseAddr("10.201.1.1" + n),
			System: harness.System{
				Image: harness.Image{Name: "nomad", Version: "1.11.3"}, Command: []string{"nomad", "agent"},
				Files: []harness.File{{Path: "/etc/nomad.d/nomad.hcl"}},
			},
		})
	}
	return topology
}

// Status is that of a system that runs, unless a test has put another one there.
func (c *fakeCluster) Status(_ context.Context, node string) (harness.SystemStatus, error) {
	if ended, known := c.ended[node]; known {
		return ended, nil
	}
	return harness.SystemStatus{Running: true}, nil
}

func (c *fakeCluster) Log(context.Context, string, time.Time) ([]harness.LogLine, error) {
	return []harness.LogLine{{Text: "bad config"}}, nil
}

func (c *fakeCluster) Addresses(node string) (harness.Addresses, error) {
	if node == "nomad-1" {
		return harness.Addresses{IPv6: netip.MustParseAddr("fd00:d2::21")}, nil
	}
	return harness.Addresses{}, errors.New("no such node")
}

// Fingerprint is what a test has put there, or an empty one.
func (c *fakeCluster) Fingerprint(ctx context.Context, node string, paths ...string) (harness.Fingerprint, error) {
	c.mu.Lock()
	look := c.look
	c.mu.Unlock()
	if look == nil {
		return harness.Fingerprint{Node: node, Paths: paths}, nil
	}
	return look(ctx, node)
}

// Mentions are what a test has put there.
func (c *fakeCluster) Mentions(_ context.Context, node string, old []netip.Addr, paths ...string) ([]harness.Mention, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.search == nil {
		return nil, nil
	}
	return c.search(node, old, paths)
}

func (c *fakeCluster) Shortages(context.Context) []string { return c.shortages }

func (c *fakeCluster) Losses(context.Context) []harness.Loss {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.losses
}

// loseAgent takes the agent of a node away.
func (c *fakeCluster) loseAgent(node string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.losses = append(c.losses, harness.Loss{Part: "the agent of " + node, Why: "end of the stream"})
}

func (c *fakeCluster) Interruptions() []harness.Interruption { return c.interruptions }

// fail makes probes fail; heal makes them hold again.
func (c *fakeCluster) fail(why string, probes ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, probe := range probes {
		c.down[probe] = errors.New(why)
	}
}

func (c *fakeCluster) heal(probes ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, probe := range probes {
		delete(c.down, probe)
		delete(c.hangs, probe)
	}
}

func (c *fakeCluster) hang(probe string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hangs[probe] = true
}

// asked is how often a probe has asked.
func (c *fakeCluster) asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.checks
}

// lose forgets entries.
func (c *fakeCluster) lose(entries ...int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, entry := range entries {
		delete(c.entries, entry)
	}
}

// A fakeProbe asks the cluster about the flag with its name.
type fakeProbe struct {
	name    string
	period  time.Duration
	latency time.Duration
	cluster *fakeCluster
	deaf    bool // it does not heed its context while it hangs
}

func (p fakeProbe) Name() string { return p.name }

func (p fakeProbe) Period() time.Duration { return p.period }

func (p fakeProbe) Check(ctx context.Context, _ harness.Observer) error {
	p.cluster.mu.Lock()
	p.cluster.checks++
	hangs := p.cluster.hangs[p.name]
	p.cluster.mu.Unlock()
	switch {
	case hangs && p.deaf:
		time.Sleep(time.Hour)
	case hangs:
		<-ctx.Done()
		return ctx.Err()
	}
	time.Sleep(p.latency)
	p.cluster.mu.Lock()
	defer p.cluster.mu.Unlock()
	return p.cluster.down[p.name]
}

// A fakeLedger writes into the cluster's entries.
type fakeLedger struct {
	cluster  *fakeCluster
	interval time.Duration
}

func (l fakeLedger) Name() string { return "entries" }

func (l fakeLedger) Interval() time.Duration { return l.interval }

func (l fakeLedger) Write(ctx context.Context, _ harness.Observer, entry int) error {
	l.cluster.mu.Lock()
	write := l.cluster.write
	l.cluster.mu.Unlock()
	if write != nil {
		if err := write(ctx, entry); err != nil {
			return err
		}
	}
	l.cluster.mu.Lock()
	defer l.cluster.mu.Unlock()
	l.cluster.entries[entry] = true
	return nil
}

func (l fakeLedger) Entries(context.Context, harness.Observer) ([]int, error) {
	l.cluster.mu.Lock()
	defer l.cluster.mu.Unlock()
	if l.cluster.read != nil {
		if err := l.cluster.read(); err != nil {
			return nil, err
		}
	}
	var entries []int
	for entry := range l.cluster.entries {
		entries = append(entries, entry)
	}
	slices.Sort(entries)
	return entries, nil
}

// A fakeFault makes probes fail, and is its own injection.
type fakeFault struct {
	cluster  *fakeCluster
	breaks   []string
	effect   func() // what else it does
	inject   error
	confirm  error
	revert   error
	unstruck bool          // it fails before it strikes anything, and so knows no moment
	skewed   time.Duration // how far its clock is off
	slow     time.Duration // how long the call takes, its context notwithstanding
	reverted *int
	impact   harness.Impact
}

func (f *fakeFault) Describe() string { return "outage of everything" }

func (f *fakeFault) Inject(_ context.Context, _ harness.Lab) (harness.Injection, error) {
	f.impact = harness.Impact{
		Before:      time.Now().Add(f.skewed),
		Uncertainty: time.Millisecond,
		Effects:     []harness.Effect{{Node: "nomad-1"}},
	}
	if f.unstruck {
		f.impact = harness.Impact{}
	}
	time.Sleep(f.slow)
	f.cluster.fail("connection refused", f.breaks...)
	if f.effect != nil {
		f.effect()
	}
	return f, f.inject
}

func (f *fakeFault) Impact() harness.Impact { return f.impact }

func (f *fakeFault) Confirm(context.Context) (string, error) {
	return "the observer sees it too", f.confirm
}

func (f *fakeFault) Revert(context.Context) error {
	if f.reverted != nil {
		*f.reverted++
	}
	f.cluster.heal(f.breaks...)
	return f.revert
}

// A fakeRunbook is a list of steps.
type fakeRunbook []harness.Step

func (r fakeRunbook) Name() string { return "restart everything" }

func (r fakeRunbook) Steps() []harness.Step { return r }

// healing is a runbook that takes a while and brings everything back.
func healing(cluster *fakeCluster, takes time.Duration) fakeRunbook {
	return fakeRunbook{{Name: "restart", Do: func(context.Context, harness.Operator) error {
		time.Sleep(takes)
		cluster.heal("quorum", "service")
		return nil
	}}}
}

// A fakeDrill is a drill in a fake cluster, with the values that its steps take.
type fakeDrill struct {
	*Drill
	cluster *fakeCluster
	steady  harness.SteadyState
	ledgers []harness.Ledger
	fault   *fakeFault
}

// newFakeDrill makes a drill with an RTO of one minute, two probes and one ledger.
func newFakeDrill(t *testing.T, change ...func(*harness.Objective)) *fakeDrill {
	t.Helper()
	objective := harness.Objective{RTO: time.Minute}
	for _, change := range change {
		change(&objective)
	}
	cluster := newFakeCluster()
	drill, err := New(cluster, harness.Plan{ID: "fake", Scenario: "fake", Title: "a fake drill", Objective: objective})
	testkit.Must(t, err)
	t.Cleanup(func() {
		if err := drill.Close(context.Background()); err != nil {
			t.Logf("closing: %v", err)
		}
	})
	return &fakeDrill{
		Drill: drill, cluster: cluster,
		steady: harness.All(
			fakeProbe{name: "quorum", period: 500 * time.Millisecond, latency: 3 * time.Millisecond, cluster: cluster},
			fakeProbe{name: "service", period: 200 * time.Millisecond, latency: time.Millisecond, cluster: cluster},
		),
		ledgers: harness.Ledgers(fakeLedger{cluster, 100 * time.Millisecond}),
		fault:   &fakeFault{cluster: cluster, breaks: []string{"quorum", "service"}},
	}
}

// toDetection runs the drill up to and with the detection.
func (d *fakeDrill) toDetection(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	testkit.Must(t, d.Baseline(ctx, d.steady))
	testkit.Must(t, d.StartWriting(ctx, d.ledgers))
	testkit.Must(t, d.Inject(ctx, d.fault))
	testkit.Must(t, d.Detect(ctx, d.steady))
}

// finish recovers by a runbook of the given length, reads back and returns what Judge says.
func (d *fakeDrill) finishBy(t *testing.T, takes time.Duration) error {
	t.Helper()
	ctx := t.Context()
	testkit.Must(t, d.Repair(ctx, healing(d.cluster, takes)))
	testkit.Must(t, d.AwaitRecovery(ctx, d.steady))
	testkit.Must(t, d.Reconcile(ctx, d.ledgers))
	return d.Judge()
}

// claims claims a verdict, and the miss where it is that of a drill that misses.
func (d *fakeDrill) claims(verdict harness.Verdict, miss harness.Miss) {
	if verdict == harness.Missed {
		d.Claim(verdict, "see the test", miss)
		return
	}
	d.Claim(verdict, "see the test")
}
