package labtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/disks"
)

// Lab is a cluster in memory. Its nodes run from the start.
type Lab struct {
	// OnStart is called after a node's process has started; nil does nothing. It may use the lab.
	OnStart func(node string)

	topology harness.Topology
	disks    *disks.Attachments

	mutex     sync.Mutex
	addresses map[string]harness.Addresses
	files     map[string]map[string][]byte // node -> path -> content
	states    map[string]harness.SystemStatus
	logs      map[string][]harness.LogLine
	journal   []string
	listeners map[string]*listener           // "node/127.0.0.1:1" or "[fd00::1]:1"
	datagrams map[string]func([]byte) []byte // by address
	off       map[string]bool                // nodes without power
	mounted   map[string]string              // disk -> mount point

	// what actions have changed, see [Lab.Apply]
	processes  map[string]map[string]int // node -> name -> number, besides the main one
	stopped    map[process]bool
	unlinked   map[string]bool // nodes whose links are down
	dropped    map[string][]dropped
	left       map[netip.Addr]bool // addresses that nodes have had
	diskStates map[string]error    // why a system disk cannot be written
}

// New builds the topology's nodes with their files in place and their processes running.
func New(topology harness.Topology) *Lab {
	lab := &Lab{
		topology:  topology,
		addresses: map[string]harness.Addresses{},
		files:     map[string]map[string][]byte{},
		states:    map[string]harness.SystemStatus{},
		logs:      map[string][]harness.LogLine{},
		listeners: map[string]*listener{},
		datagrams: map[string]func([]byte) []byte{},
		disks:     disks.New(topology),
		off:       map[string]bool{},
		mounted:   map[string]string{},

		processes:  map[string]map[string]int{},
		stopped:    map[process]bool{},
		unlinked:   map[string]bool{},
		dropped:    map[string][]dropped{},
		left:       map[netip.Addr]bool{},
		diskStates: map[string]error{},
	}
	for _, node := range topology.Nodes {
		lab.addresses[node.Name] = harness.Addresses{IPv6: node.IPv6, IPv4: node.IPv4}
		lab.files[node.Name] = written(slices.Concat(node.System.Files, node.System.SeedFiles))
		lab.states[node.Name] = harness.SystemStatus{Running: true, PID: firstPID, Started: time.Now()}
	}
	return lab
}

// written are the files by their paths.
func written(files []harness.File) map[string][]byte {
	contents := map[string][]byte{}
	for _, file := range files {
		contents[file.Path] = file.Data
	}
	return contents
}

// Serve answers HTTP on a node: at a loopback address only for those who dial from the node itself.
// It replaces what listened there before and ends with Close.
func (r *Lab) Serve(node, address string, handler http.Handler) {
	accepting := newListener()
	r.mutex.Lock()
	if replaced := r.listeners[place(node, address)]; replaced != nil {
		_ = replaced.Close()
	}
	r.listeners[place(node, address)] = accepting
	r.mutex.Unlock()
	go http.Serve(accepting, handler) //nolint:errcheck,gosec // a fake: it ends with its listener
}

// ServeDatagrams answers UDP at an address: what answer returns is sent back; nil sends nothing.
func (r *Lab) ServeDatagrams(address string, answer func([]byte) []byte) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.datagrams[address] = answer
}

// Close ends every server.
func (r *Lab) Close() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, accepting := range r.listeners {
		_ = accepting.Close()
	}
}

// Renumber gives a node other addresses. Unlike [Lab.Apply] it leaves the old ones to whoever serves there.
func (r *Lab) Renumber(node string, now harness.Addresses) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.addresses[node] = now
}

// End lets a node's process end by itself.
func (r *Lab) End(node string, exitCode int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.halt(node, exitCode, "")
}

// Print adds a line to the node's log.
func (r *Lab) Print(node, text string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.logs[node] = append(r.logs[node], harness.LogLine{At: time.Now(), Text: text})
}

// Journal takes what has been done to the nodes since the last call, sorted: what happens on
// several nodes at once has no order.
func (r *Lab) Journal() []string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	taken := r.journal
	r.journal = nil
	slices.Sort(taken)
	return taken
}

func (r *Lab) note(format string, arguments ...any) {
	r.journal = append(r.journal, fmt.Sprintf(format, arguments...))
}

func (r *Lab) halt(node string, exitCode int, signal string) {
	state := r.states[node]
	state.Running, state.PID, state.ExitCode, state.Signal, state.Ended = false, 0, exitCode, signal, time.Now()
	r.states[node] = state
}

// known refuses a name that no node has. The caller holds the lock.
func (r *Lab) known(node string) error {
	if _, known := r.states[node]; known || node == harness.VantageObserver {
		return nil
	}
	return r.topology.UnknownNode(node)
}

// Losses implements harness.Lab: nothing of it is lost.
func (*Lab) Losses(context.Context) []harness.Loss { return nil }

// Shortages implements harness.Lab likewise.
func (*Lab) Shortages(context.Context) []string { return nil }

// Topology implements harness.Observer.
func (r *Lab) Topology() harness.Topology { return r.topology }

// Addresses implements harness.Observer.
func (r *Lab) Addresses(node string) (harness.Addresses, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	now, known := r.addresses[node]
	if !known {
		return harness.Addresses{}, r.topology.UnknownNode(node)
	}
	return now, nil
}

// Dial implements harness.Observer. Where nobody listens, and on nodes that do not run, the connection is refused. An address
// that its node has left is silent, and so is a node whose links are down or that drops the packets: until ctx ends. A main
// process that is stopped is connected to and says nothing.
func (r *Lab) Dial(ctx context.Context, from, network, address string) (net.Conn, error) {
	r.mutex.Lock()
	accepting, answer := r.listeners[place(from, address)], r.datagrams[address]
	state, isNode := r.states[from]
	silent, stopped := false, false
	if to, err := netip.ParseAddrPort(address); err == nil {
		silent = r.silent(from, to.Addr())
		owner := r.ownerOf(to.Addr())
		if to.Addr().IsLoopback() {
			owner = from
		}
		stopped = r.stopped[process{owner, r.states[owner].PID}]
	}
	r.mutex.Unlock()
	switch {
	case silent:
		<-ctx.Done()
		return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
	case strings.HasPrefix(network, "udp") && answer != nil:
		near, far := net.Pipe()
		go echo(far, answer)
		return near, nil
	case isNode && !state.Running, accepting == nil:
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	case stopped:
		near, _ := net.Pipe()
		return near, nil
	}
	return accepting.dial(ctx)
}

// ReadFile implements harness.Observer.
func (r *Lab) ReadFile(_ context.Context, node, path string) ([]byte, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err := r.known(node); err != nil {
		return nil, err
	}
	data, found := r.files[node][path]
	if !found {
		data, found = r.stat(node, path)
	}
	if !found {
		data, found = r.mounts(node, path)
	}
	if !found {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return slices.Clone(data), nil
}

// Log implements harness.Observer.
func (r *Lab) Log(_ context.Context, node string, since time.Time) ([]harness.LogLine, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err := r.known(node); err != nil {
		return nil, err
	}
	var lines []harness.LogLine
	for _, line := range r.logs[node] {
		if !line.At.Before(since) {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// Status implements harness.Observer.
func (r *Lab) Status(_ context.Context, node string) (harness.SystemStatus, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.states[node], r.known(node)
}

// Exec implements harness.Operator for two commands: sh -c "kill -KILL PID" and pgrep -x NAME, see [Lab.Process].
func (r *Lab) Exec(_ context.Context, node string, argv ...string) ([]byte, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err := r.known(node); err != nil {
		return nil, err
	}
	r.note("exec %s: %s", node, strings.Join(argv, " "))
	output, code := r.command(node, argv)
	if code != 0 {
		return nil, &harness.CommandError{Node: node, Argv: argv, ExitCode: code, Output: output}
	}
	return []byte(output), nil
}

// WriteFile implements harness.Operator.
func (r *Lab) WriteFile(_ context.Context, node string, file harness.File) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err := cmp.Or(r.known(node), r.writable(node)); err != nil {
		return fmt.Errorf("write %s of %s: %w", file.Path, node, err)
	}
	r.note("write %s: %s", node, file.Path)
	r.files[node][file.Path] = slices.Clone(file.Data)
	return nil
}

// RemoveFile implements harness.Operator.
func (r *Lab) RemoveFile(_ context.Context, node, path string) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err := cmp.Or(r.known(node), r.writable(node)); err != nil && !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("remove %s of %s: %w", path, node, err)
	}
	r.note("remove %s: %s", node, path)
	if path == harness.FillFile && errors.Is(r.diskStates[node], syscall.ENOSPC) {
		delete(r.diskStates, node)
	}
	delete(r.files[node], path)
	return nil
}

// Stop implements harness.Operator.
func (r *Lab) Stop(_ context.Context, node string) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err := r.known(node); err != nil {
		return err
	}
	r.note("stop %s", node)
	r.halt(node, 0, "")
	return nil
}

// Start implements harness.Operator.
func (r *Lab) Start(_ context.Context, node string) error {
	r.mutex.Lock()
	if err := r.known(node); err != nil {
		r.mutex.Unlock()
		return err
	}
	if r.off[node] {
		r.mutex.Unlock()
		return harness.ErrOff
	}
	if r.states[node].Running {
		r.mutex.Unlock()
		return errors.New("already running")
	}
	r.note("start %s", node)
	r.states[node] = harness.SystemStatus{Running: true, PID: firstPID + pidStep, Started: time.Now()}
	r.mutex.Unlock()
	if r.OnStart != nil {
		r.OnStart(node)
	}
	return nil
}

// Reinstall implements harness.Operator: the node has the files of its topology again, and no others.
func (r *Lab) Reinstall(ctx context.Context, name string) error {
	node, ok := r.topology.Node(name)
	if !ok {
		return fmt.Errorf("reinstall %s: %w", name, r.topology.UnknownNode(name))
	}
	r.mutex.Lock()
	r.files[name] = written(node.System.Files)
	delete(r.off, name)
	delete(r.unlinked, name)
	delete(r.diskStates, name)
	delete(r.processes, name)
	r.halt(name, -1, "killed")
	r.note("reinstall %s", name)
	r.mutex.Unlock()
	return r.Start(ctx, name)
}

// place is where a listener is found: an address, or a loopback address of one node.
func place(node, address string) string {
	if at, err := netip.ParseAddrPort(address); err == nil && at.Addr().IsLoopback() {
		return node + "/" + address
	}
	return address
}
