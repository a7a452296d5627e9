package leftovers

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Process is a process of this machine. Its number may be used again, so its start counts too.
type Process struct {
	pid, parent int
	started     uint64 // clock ticks since the machine booted
	name        string // as the kernel knows it, at most 15 bytes
	container   string // identifier of the container that it runs in, or of what it looks after for one; "" for none
}

func (p Process) same(other Process) bool {
	return p.pid == other.pid && p.started == other.started
}

// String says which process it is, such as "containerd-shim (pid 12, for 0df9b684adac)".
func (p Process) String() string {
	if p.container == "" {
		return fmt.Sprintf("%s (pid %d)", p.name, p.pid)
	}
	return fmt.Sprintf("%s (pid %d, for %.12s)", p.name, p.pid, p.container)
}

// helperNames are the programs that an engine starts on the machine for a container, and those of
// the labs themselves. Names end where the kernel cuts them.
var helperNames = []string{
	"containerd-shim", "runc", "crun", "conmon", "docker-proxy", "fuse-overlayfs", "slirp4netns", "docker",
	"reprise-agent", "nomad", "consul",
}

func isHelper(process string) bool {
	return slices.ContainsFunc(helperNames, func(name string) bool { return strings.HasPrefix(process, name) })
}

// labProcesses are the machine's processes that a lab could have brought about: in a container,
// beside one, or started by this program. Everything else comes and goes for reasons of its own.
func labProcesses() ([]Process, error) {
	all, err := machineProcesses("/proc")
	if err != nil {
		return nil, err
	}
	parents := map[int]int{}
	for _, process := range all {
		parents[process.pid] = process.parent
	}
	self := os.Getpid()
	own := identifierIn("/proc/self/cgroup") // when the bench itself runs in a container
	return slices.DeleteFunc(all, func(process Process) bool {
		contained := process.container != "" && process.container != own
		return process.pid == self || !isHelper(process.name) && !contained && !descends(process.pid, self, parents)
	}), nil
}

// descends tells whether a process was started by the ancestor, however indirectly.
func descends(pid, ancestor int, parents map[int]int) bool {
	for range len(parents) { // the list was not read at one instant: it could hold a circle
		parent, known := parents[pid]
		if !known {
			return false
		}
		if parent == ancestor {
			return true
		}
		pid = parent
	}
	return false
}

// machineProcesses reads a /proc. A process that ends meanwhile is left out.
func machineProcesses(proc string) ([]Process, error) {
	folders, err := filepath.Glob(filepath.Join(proc, "[0-9]*"))
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	var processes []Process
	for _, folder := range folders {
		stat, err := os.ReadFile(filepath.Join(folder, "stat"))
		if err != nil {
			continue
		}
		process, err := parseStat(stat)
		if err != nil {
			return nil, fmt.Errorf("read %s/stat: %w", folder, err)
		}
		process.container = identifierIn(filepath.Join(folder, "cgroup"))
		if process.container == "" && isHelper(process.name) {
			process.container = identifierIn(filepath.Join(folder, "cmdline"))
		}
		processes = append(processes, process)
	}
	if len(processes) == 0 {
		return nil, fmt.Errorf("list the processes: there is none in %s", proc)
	}
	return processes, nil
}

// The fields of /proc/<pid>/stat that follow the name, counted from there.
const (
	statParent  = 1
	statStarted = 19
)

// parseStat reads the number, name, parent and start of a process. The name is in parentheses and
// may hold any byte.
func parseStat(stat []byte) (Process, error) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return Process{}, errors.New("there is no name in parentheses")
	}
	fields := strings.Fields(string(stat[end+1:]))
	if len(fields) <= statStarted {
		return Process{}, fmt.Errorf("there are only %d fields", len(fields))
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(stat[:open])))
	if err != nil {
		return Process{}, fmt.Errorf("read the number: %w", err)
	}
	parent, err := strconv.Atoi(fields[statParent])
	if err != nil {
		return Process{}, fmt.Errorf("read the parent: %w", err)
	}
	started, err := strconv.ParseUint(fields[statStarted], 10, 64)
	if err != nil {
		return Process{}, fmt.Errorf("read the start: %w", err)
	}
	return Process{pid: pid, parent: parent, started: started, name: string(stat[open+1 : end])}, nil
}

// identifier is how engines write what they have named themselves: containers, layers.
var identifier = regexp.MustCompile(`\b[0-9a-f]{64}\b`)

// identifierIn is the first one in a file, "" when there is none or the process has ended.
func identifierIn(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(identifier.Find(content))
}

// mountPoint is the field of a line of mountinfo that says where something is mounted.
const mountPoint = 4

// mountPoints are those that this program can see.
func mountPoints() ([]string, error) {
	content, err := os.ReadFile("/proc/self/mountinfo")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // not Linux: the engine's machine is another one
	}
	if err != nil {
		return nil, fmt.Errorf("list the mounts: %w", err)
	}
	return mountPointsIn(string(content)), nil
}

// engineMount ends the path of what an engine mounts for its first container in the machine's own network, and keeps.
const engineMount = "/netns/default"

// mountPointsIn are those of a mountinfo, but for what the engine keeps for itself.
func mountPointsIn(mountinfo string) []string {
	var points []string
	for line := range strings.Lines(mountinfo) {
		if fields := strings.Fields(line); len(fields) > mountPoint && !strings.HasSuffix(fields[mountPoint], engineMount) {
			points = append(points, fields[mountPoint])
		}
	}
	return points
}
