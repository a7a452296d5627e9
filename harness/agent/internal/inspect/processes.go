//go:build linux

package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
)

// A process is what the kernel says of one.
type process struct {
	pid, parent, session int
	name                 string // as the kernel knows it, at most 15 bytes
	state                byte
	flags                uint64
	started              uint64 // clock ticks since the machine booted
	user, group          uint32
	depth                int // how many process namespaces it is in
	innermost            int // its number in the innermost
	arguments            []string
}

const (
	// forked is the kernel's mark of a process that runs the program of the one that it came from (PF_FORKNOEXEC).
	forked = 0x40
	// kernelThread is PF_KTHREAD.
	kernelThread = 0x0020_0000
	// ticks of the kernel's clock in a second, in everything it tells programs.
	ticks = 100
	// settledAge is how old a process must be to count: most of the younger ones are commands that a
	// daemon runs and that are gone again.
	settledAge = 1 * ticks
)

// sessions are the daemons whose descendants are one job or one login each.
var sessions = []string{"cron", "crond", "atd", "anacron", "sshd", "sshd-session"}

// processes counts the system's own by user and arguments.
func (l *look) processes(ctx context.Context) ([]harness.Trait, error) {
	all, err := l.allProcesses(ctx)
	if err != nil {
		return nil, err
	}
	now, err := l.uptime()
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, one := range all.list {
		if now >= settledAge && one.started > now-settledAge || !l.lasting(one, all) {
			continue
		}
		counts[shortened(l.userOf(one)+" "+withoutChance(strings.Join(one.arguments, " ")))]++
	}
	var traits []harness.Trait
	for key, count := range counts {
		traits = append(traits, harness.Trait{Kind: harness.KindProcess, Key: key, Value: strconv.Itoa(count)})
	}
	return traits, nil
}

// lasting tells whether a process belongs to what the system is, and not to what it does just now.
func (l *look) lasting(one process, all processTable) bool {
	switch {
	case l.spared(one), one.flags&kernelThread != 0, one.state == 'Z', one.state == 'X', len(one.arguments) == 0:
		return false
	case all.commands[one.session]:
		return false // the harness runs it
	case one.depth > all.depth:
		return one.innermost == 1 // a container's first process stands for it
	case path.Base(one.arguments[0]) == "sleep":
		return false // a script between two rounds
	case one.flags&forked != 0 && one.parent > 1 && one.parent != l.request.Supervisor:
		return false // its parent's helper, as a database has them
	}
	for ancestor := one.parent; ancestor > 1; {
		parent, known := all.byNumber[ancestor]
		if !known {
			return true
		}
		if slices.Contains(sessions, parent.name) {
			return false
		}
		if parent.parent == ancestor {
			return true
		}
		ancestor = parent.parent
	}
	return true
}

// spared tells whether a process is the harness's: the agent, which is the node's first process, and
// the supervisor.
func (l *look) spared(one process) bool {
	return l.request.Supervisor != 0 && (one.pid == 1 || one.pid == l.request.Supervisor)
}

func (l *look) userOf(one process) string { return nameOf(l.names.users, one.user) }

// A processTable is all processes at one moment.
type processTable struct {
	list     []process
	byNumber map[int]process
	commands map[int]bool // sessions of commands that the harness runs
	depth    int          // of the namespaces that the system is in
}

// allProcesses reads them once in a look.
func (l *look) allProcesses(ctx context.Context) (processTable, error) {
	if l.table != nil {
		return *l.table, nil
	}
	table, err := l.readProcesses(ctx)
	if err == nil {
		l.table = &table
	}
	return table, err
}

func (l *look) readProcesses(ctx context.Context) (processTable, error) {
	table := processTable{byNumber: map[int]process{}, commands: map[int]bool{}}
	entries, err := l.entries("/proc")
	if err != nil {
		return table, err
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if ctx.Err() != nil {
			return table, context.Cause(ctx)
		}
		one, err := l.process(pid)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // it has ended meanwhile
		}
		if err != nil {
			return table, err
		}
		table.list = append(table.list, one)
		table.byNumber[pid] = one
		if table.depth == 0 || one.depth < table.depth {
			table.depth = one.depth
		}
		if l.request.Supervisor != 0 && one.parent == l.request.Supervisor && pid != l.request.Main {
			table.commands[one.session] = true
		}
	}
	return table, nil
}

func (l *look) process(pid int) (process, error) {
	folder := fmt.Sprintf("/proc/%d", pid)
	stat, err := os.ReadFile(filepath.Join(l.at(folder), "stat"))
	if err != nil {
		return process{}, err
	}
	one, err := parseStat(stat)
	if err != nil {
		return process{}, l.named(folder+"/stat", err)
	}
	one.pid = pid
	status, err := os.ReadFile(filepath.Join(l.at(folder), "status"))
	if err != nil {
		return process{}, err
	}
	one.readStatus(status)
	arguments, err := os.ReadFile(filepath.Join(l.at(folder), "cmdline"))
	if err != nil {
		return process{}, err
	}
	one.arguments = splitArguments(arguments)
	return one, nil
}

// The fields of /proc/<pid>/stat that follow the name, counted from there.
const (
	statState   = 0
	statParent  = 1
	statSession = 3
	statFlags   = 6
	statStarted = 19
)

// parseStat reads the line; the name is in parentheses and may hold any byte.
func parseStat(stat []byte) (process, error) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return process{}, errors.New("there is no name in parentheses")
	}
	fields := strings.Fields(string(stat[end+1:]))
	if len(fields) <= statStarted {
		return process{}, fmt.Errorf("there are only %d fields", len(fields))
	}
	one := process{name: string(stat[open+1 : end]), state: fields[statState][0]}
	var problems [4]error
	one.parent, problems[0] = strconv.Atoi(fields[statParent])
	one.session, problems[1] = strconv.Atoi(fields[statSession])
	one.flags, problems[2] = strconv.ParseUint(fields[statFlags], 10, 64)
	one.started, problems[3] = strconv.ParseUint(fields[statStarted], 10, 64)
	return one, errors.Join(problems[:]...)
}

// readStatus reads the effective user and group, and the numbers in every process namespace, the innermost last.
func (p *process) readStatus(status []byte) {
	for line := range strings.Lines(string(status)) {
		field, rest, _ := strings.Cut(line, ":")
		values := strings.Fields(rest)
		switch {
		case field == "Uid" && len(values) > 1:
			p.user = number(values[1])
		case field == "Gid" && len(values) > 1:
			p.group = number(values[1])
		case field == "NSpid" && len(values) > 0:
			p.depth, p.innermost = len(values), int(number(values[len(values)-1]))
		}
	}
}

func number(text string) uint32 {
	value, _ := strconv.ParseUint(text, 10, 32) // the kernel writes nothing else
	return uint32(value)
}

// splitArguments reads a command line, without what daemons write into theirs for ps to show: runsvdir its
// log, sshd how many logins are under way.
func splitArguments(content []byte) []string {
	content = bytes.TrimRight(content, "\x00 \n")
	if len(content) == 0 {
		return nil
	}
	arguments := strings.Split(string(content), "\x00")
	if path.Base(arguments[0]) == "runsvdir" {
		arguments = slices.DeleteFunc(arguments, func(argument string) bool { return strings.HasPrefix(argument, "log: ") })
	}
	if before, _, ok := strings.Cut(arguments[0], " [listener] "); ok && strings.HasPrefix(before, "sshd: ") {
		arguments[0] = before
	}
	return arguments
}

// uptime is how long the machine has run, in ticks: what the starts of processes count from.
func (l *look) uptime() (uint64, error) {
	content, err := l.readOptional("/proc/uptime")
	if err != nil || content == nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(content), " ")
	seconds, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0, l.named("/proc/uptime", err)
	}
	return uint64(seconds * ticks), nil
}
