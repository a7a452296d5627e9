package labtest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Apply implements harness.Lab: actions change what a node in memory has, which is addresses, processes, links, packets that are
// dropped, and a system disk. Nothing is done when one of them cannot be.
func (r *Lab) Apply(_ context.Context, nodeActions []harness.NodeActions) (harness.Impact, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if len(nodeActions) == 0 {
		return harness.Impact{}, errors.New("apply actions: no node is named")
	}
	for _, one := range nodeActions {
		for _, action := range one.Actions {
			if err := r.possible(one.Node, action); err != nil {
				return harness.Impact{}, fmt.Errorf("apply actions to %s: %w", one.Node, err)
			}
		}
	}
	impact := harness.Impact{Before: time.Now()}
	for _, one := range nodeActions {
		for _, action := range one.Actions {
			r.act(one.Node, action)
		}
		impact.Effects = append(impact.Effects, harness.Effect{Node: one.Node})
	}
	return impact, nil
}

// Interruptions implements harness.Lab: nothing interrupts machines in memory.
func (*Lab) Interruptions() []harness.Interruption { return nil }

// Process starts a process besides the node's main one, named as the kernel would, and returns its number. A pgrep -x of the node
// finds it, until it is killed.
func (r *Lab) Process(node, name string) int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.processes[node] == nil {
		r.processes[node] = map[string]int{}
	}
	pid := firstPID + 2*pidStep + len(r.processes[node])
	r.processes[node][name] = pid
	return pid
}

// The main process is firstPID at first, and pidStep later after a start; further ones come behind both.
const (
	firstPID = 100
	pidStep  = 100
)

// possible says why an action cannot be done.
func (r *Lab) possible(node string, action harness.Action) error {
	if err := r.known(node); err != nil {
		return err
	}
	switch {
	case action.Disk != nil && r.systemDisk(node) == 0:
		return errors.New("its system has no disk of its own")
	case action.Link != nil && action.Link.Verify && !r.unlinked[node]:
		return errors.New("its links are not down any more")
	case action.Drop != nil && action.Drop.Verify && !r.dropsAll(node, *action.Drop):
		return errors.New("not all of it is dropped any more")
	case action.Signal != nil && action.Signal.Process != "" && r.processes[node][action.Signal.Process] == 0:
		return fmt.Errorf("no process of it is called %s", action.Signal.Process)
	case action.Readdress != nil:
		return r.hasAddresses(node, action.Readdress.From)
	}
	return nil
}

// hasAddresses says which of the addresses a node does not have.
func (r *Lab) hasAddresses(node string, addresses []netip.Prefix) error {
	now := r.addresses[node]
	for _, address := range addresses {
		if address.Addr() != now.IPv6 && address.Addr() != now.IPv4 {
			return fmt.Errorf("it does not have the address %s", address.Addr())
		}
	}
	return nil
}

func (r *Lab) act(node string, action harness.Action) {
	switch {
	case action.Readdress != nil:
		r.note("readdress %s: %v to %v", node, action.Readdress.From, action.Readdress.To)
		r.readdress(node, action.Readdress.To)
	case action.Signal != nil:
		r.note("signal %s of %s: %s", whose(*action.Signal), node, action.Signal.Name)
		r.signal(node, *action.Signal)
	case action.Link != nil && !action.Link.Verify:
		r.note("links of %s: up %t", node, action.Link.Up)
		r.unlinked[node] = !action.Link.Up
	case action.Drop != nil && !action.Drop.Verify:
		r.note("drop on %s: from %v, protocol %d, lift %t", node, action.Drop.From, action.Drop.Protocol, action.Drop.Lift)
		r.drop(node, *action.Drop)
	case action.Disk != nil:
		r.note("disk of %s: %+v", node, *action.Disk)
		r.disk(node, *action.Disk)
	}
}

// whose is whom a signal goes to, in a sentence.
func whose(signal harness.Signal) string {
	switch {
	case signal.All:
		return "every process"
	case signal.Process != "":
		return signal.Process
	}
	return "the main process"
}

// readdress gives a node other addresses. Those that it leaves are silent from then on.
func (r *Lab) readdress(node string, to []netip.Prefix) {
	now := r.addresses[node]
	for _, prefix := range to {
		if prefix.Addr().Is4() {
			now.IPv4 = prefix.Addr()
		} else {
			now.IPv6 = prefix.Addr()
		}
	}
	before := r.addresses[node]
	r.left[before.IPv6], r.left[before.IPv4] = true, true
	delete(r.left, now.IPv6)
	delete(r.left, now.IPv4)
	r.addresses[node] = now
}

func (r *Lab) signal(node string, signal harness.Signal) {
	pid := r.states[node].PID
	if signal.Process != "" {
		pid = r.processes[node][signal.Process]
	}
	switch {
	case signal.Name == "STOP":
		r.stopped[process{node, pid}] = true
	case signal.Name == "CONT":
		delete(r.stopped, process{node, pid})
	case signal.Process != "":
		delete(r.processes[node], signal.Process)
	default:
		r.off[node] = r.off[node] || signal.All
		r.halt(node, -1, map[string]string{"KILL": "killed"}[signal.Name])
	}
}

// A process is a process of a node.
type process struct {
	node string
	pid  int
}

func (r *Lab) drop(node string, drop harness.Drop) {
	for _, from := range drop.From {
		r.dropped[node] = slices.DeleteFunc(r.dropped[node], func(d dropped) bool { return d == dropped{from, drop.Protocol} })
		if !drop.Lift {
			r.dropped[node] = append(r.dropped[node], dropped{from, drop.Protocol})
		}
	}
}

// What is dropped is what comes from an address by a protocol; 0 means all.
type dropped struct {
	from     netip.Addr
	protocol uint8
}

func (r *Lab) dropsAll(node string, drop harness.Drop) bool {
	return !slices.ContainsFunc(drop.From, func(from netip.Addr) bool {
		return !slices.Contains(r.dropped[node], dropped{from, drop.Protocol})
	})
}

// disk has something befall the system disk of a node. Whoever has tried to write to one that was cut off finds it read-only
// when it answers again.
func (r *Lab) disk(node string, action harness.DiskAction) {
	switch {
	case action.Abort:
		r.diskStates[node] = syscall.EROFS
	case action.Fill:
		r.diskStates[node] = syscall.ENOSPC
		r.files[node][harness.FillFile] = nil
	case action.Cut:
		r.diskStates[node] = syscall.EIO
	case action.Mend && errors.Is(r.diskStates[node], syscall.EIO):
		delete(r.diskStates, node)
	}
}

func (r *Lab) systemDisk(node string) int64 {
	described, _ := r.topology.Node(node)
	return described.System.SystemDisk
}

// writable is why a file of a node cannot be written; nil when it can.
func (r *Lab) writable(node string) error {
	state, failing := r.diskStates[node]
	switch {
	case r.off[node]:
		return harness.ErrOff
	case !failing:
		return nil
	case errors.Is(state, syscall.EIO):
		r.diskStates[node] = syscall.EROFS // what the kernel concludes
	}
	return state
}

// silent tells whether nothing comes back when a node asks an address across the network.
func (r *Lab) silent(from string, to netip.Addr) bool {
	if to.IsLoopback() {
		return false
	}
	owner := r.ownerOf(to)
	return r.unlinked[from] || r.unlinked[owner] || owner == "" && r.left[to] || r.hearsNot(from, owner) || r.hearsNot(owner, from)
}

// ownerOf is the node that has the address; "" when none has it.
func (r *Lab) ownerOf(address netip.Addr) string {
	for name := range r.addresses {
		if slices.Contains(r.addressesOf(name), address) {
			return name
		}
	}
	return ""
}

// addressesOf are the present addresses of a node in its own network, and those in others.
func (r *Lab) addressesOf(name string) []netip.Addr {
	node, _ := r.topology.Node(name)
	node.IPv6, node.IPv4 = r.addresses[name].IPv6, r.addresses[name].IPv4
	return node.AllAddresses()
}

// hearsNot tells whether a node drops everything from another.
func (r *Lab) hearsNot(node, other string) bool {
	return slices.ContainsFunc(r.dropped[node], func(d dropped) bool {
		return d.protocol == 0 && slices.Contains(r.addressesOf(other), d.from)
	})
}

// stat is what the kernel says of a process, as far as anybody asks for it.
func (r *Lab) stat(node, path string) ([]byte, bool) {
	var pid int
	if _, err := fmt.Sscanf(path, "/proc/%d/stat", &pid); err != nil {
		return nil, false
	}
	name := ""
	for candidate, number := range r.processes[node] {
		if number == pid {
			name = candidate
		}
	}
	if state := r.states[node]; state.Running && state.PID == pid {
		name = "main"
	}
	if name == "" {
		return nil, false
	}
	letter := "S"
	if r.stopped[process{node, pid}] {
		letter = "T"
	}
	return fmt.Appendf(nil, "%d (%s) %s 1\n", pid, name, letter), true
}

// mounts is the kernel's list of mounts, of a node with a disk of its own.
func (r *Lab) mounts(node, path string) ([]byte, bool) {
	if path != "/proc/mounts" || r.systemDisk(node) == 0 {
		return nil, false
	}
	options := "rw"
	if errors.Is(r.diskStates[node], syscall.EROFS) {
		options = "ro"
	}
	return []byte("/dev/loop0 / ext4 " + options + ",relatime,errors=remount-ro 0 0\n"), true
}

// command answers the commands that nodes in memory know: pgrep -x NAME and sh -c "kill -KILL PID".
func (r *Lab) command(node string, argv []string) (string, int) {
	switch {
	case len(argv) == 3 && argv[0] == "pgrep" && argv[1] == "-x":
		if pid := r.processes[node][argv[2]]; pid != 0 {
			return fmt.Sprintln(pid), 0
		}
		return "", 1
	case strings.Join(argv, " ") == fmt.Sprintf("sh -c kill -KILL %d", r.states[node].PID):
		r.halt(node, -1, "killed")
		return "", 0
	}
	return "the lab does not know this command", 127
}
