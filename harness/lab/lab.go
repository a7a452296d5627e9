package lab

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"golang.org/x/sync/errgroup"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/internal/disks"
	"github.com/reprise-dr/reprise/harness/internal/redact"
	"github.com/reprise-dr/reprise/harness/lab/doctor"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
)

// Options are the choices of a lab's owner. The zero Options are good for a test.
type Options struct {
	// Run identifies the run the lab belongs to; it becomes a label of everything the lab creates.
	Run string
	// Progress is told what happens while the lab comes up; nil is told nothing.
	Progress image.Progress
}

// A Lab is a running topology. It implements [harness.Lab].
type Lab struct {
	ID string

	topology harness.Topology
	engine   *engine.Engine
	provider *testcontainers.DockerProvider // on the same connection
	options  Options
	networks []string // identifiers, in the topology's order
	disks    *disks.Attachments
	carrier  *diskCarrier       // nil when there are none
	bridges  agent.BridgeReport // what may cross the networks of what renumbered nodes send
	nodes    map[string]*node
	order    startOrder
	started  time.Time
	stages   Stages

	unisolated sync.Once // tells of nodes that reach the engine's machine

	mu        sync.Mutex
	prefixes  []netip.Prefix // every prefix that is part of the lab, the ones it was renumbered into included
	addresses map[string]harness.Addresses
	kept      bool

	engineGone string // what it said when it did not answer any more; "" while it does
}

var _ harness.Lab = (*Lab)(nil)

// Start brings the topology up: networks, then every node's agent, system and main process, all
// nodes at once but for those that come after others ([harness.Node.After]). It returns when every main process has been
// started and every system is ready that has a command to say so, not when the cluster has formed: that is for probes to say.
// When it returns an error, nothing is left behind.
func Start(ctx context.Context, topology harness.Topology, options Options) (*Lab, error) {
	if err := topology.Validate(); err != nil {
		return nil, fmt.Errorf("start lab %s: %w", topology.Name, err)
	}
	redact.Keep(topology.Secrets())
	if options.Progress == nil {
		options.Progress = image.Plain(io.Discard)
	}
	connection, err := engine.Connect(ctx)
	if err != nil {
		return nil, err
	}
	lab := &Lab{
		ID: newID(), topology: topology, engine: connection, options: options, started: time.Now(),
		nodes: map[string]*node{}, addresses: map[string]harness.Addresses{}, disks: disks.New(topology),
		carrier: newDiskCarrier(topology), order: newStartOrder(topology),
	}
	if err := lab.bringUp(ctx); err != nil {
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
		defer cancel()
		return nil, redact.Error(errors.Join(fmt.Errorf("start lab %s: %w", topology.Name, err), lab.Close(cleanup)))
	}
	return lab, nil
}

func (l *Lab) bringUp(ctx context.Context) error {
	images, err := image.ResolveTopology(ctx, l.engine, l.topology, l.options.Progress)
	if err != nil {
		return err
	}
	resolved := time.Now()
	if err := doctor.Try(ctx, l.engine, l.topology, images.Agent, l.labels("")); err != nil {
		return err
	}
	if err := engine.Sweep(ctx, l.engine); err != nil {
		return err
	}
	if l.bridges, err = doctor.TryBridges(ctx, l.engine, l.topology, images.Agent, l.labels("")); err != nil {
		return err
	}
	if l.provider, err = engine.NewProvider(ctx, l.engine); err != nil {
		return err
	}
	if err := l.createNetworks(ctx); err != nil {
		return err
	}
	connected := time.Now()
	all := append([]harness.Node{l.observerNode()}, l.topology.Nodes...)
	for _, described := range all {
		l.nodes[described.Name] = &node{lab: l, Node: described}
		l.addresses[described.Name] = harness.Addresses{IPv6: described.IPv6, IPv4: described.IPv4}
	}
	group, booting := errgroup.WithContext(ctx)
	for _, described := range all {
		group.Go(func() error { return l.nodes[described.Name].boot(booting, images) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	l.stages = l.timeStages(resolved, connected)
	tellEnded(ctx, l, l.options.Progress)
	return nil
}

// tellEnded tells of systems that have ended as soon as they were started. That is no error: what a system needs may be there
// only later, and then somebody starts it again.
func tellEnded(ctx context.Context, observer harness.Observer, progress image.Progress) {
	for _, err := range harness.SystemsEnded(ctx, observer) {
		progress.Event(redact.Text(err.Error()))
	}
}

// Close ends every node and removes what the lab created, and nothing else. It may be called twice.
func (l *Lab) Close(ctx context.Context) error {
	if l.kept {
		return nil
	}
	group, groupCtx := errgroup.WithContext(ctx)
	for _, node := range l.nodes {
		group.Go(func() error { return node.remove(groupCtx) })
	}
	err := group.Wait()
	for _, network := range l.networks {
		err = errors.Join(err, l.removeNetwork(ctx, network))
	}
	l.networks = nil
	if closeErr := l.engine.Close(); closeErr != nil {
		err = errors.Join(err, fmt.Errorf("close the engine connection: %w", closeErr))
	}
	if err != nil {
		return fmt.Errorf("close lab %s: %w", l.ID, err)
	}
	return nil
}

// Keep leaves the lab running after the harness is gone, for a person to look at. `make clean`
// removes it.
func (l *Lab) Keep(ctx context.Context) error {
	for _, node := range l.nodes {
		if err := node.agent.Hold(ctx); err != nil {
			return fmt.Errorf("keep %s: %w", node.Name, err)
		}
	}
	l.kept = true
	return nil
}

// Kept tells whether Keep was called: the lab is still there for a person to look at.
func (l *Lab) Kept() bool { return l.kept }

// Containers names the containers of a node, agent first, for a person who wants to look inside.
func (l *Lab) Containers(name string) []string {
	node, ok := l.nodes[name]
	if !ok {
		return nil
	}
	names := []string{node.containerName()}
	if node.System.Exists() {
		names = append(names, node.systemName())
	}
	return names
}

// Topology is the cluster as it was described.
func (l *Lab) Topology() harness.Topology { return l.topology }

// node finds a running node.
func (l *Lab) node(name string) (*node, error) {
	node, ok := l.nodes[name]
	if !ok {
		return nil, l.topology.UnknownNode(name)
	}
	return node, nil
}

// newID makes an identifier that is short enough for a container name and long enough not to
// repeat among the labs of one machine.
func newID() string {
	var raw [4]byte
	if _, err := rand.Read(raw[:]); err != nil {
		panic(err) // crypto/rand never fails on Linux
	}
	return hex.EncodeToString(raw[:])
}
