package supervise

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// pollInterval is how often a process group is looked at for whether it is empty.
const pollInterval = 20 * time.Millisecond

// A group is a process group.
type group struct {
	leader int
	spared []int // members that are left alone and not waited for
}

// members are the processes of the group that have not ended. On a machine without /proc there seem to be none.
func (g group) members() []int {
	if errors.Is(syscall.Kill(-g.leader, 0), syscall.ESRCH) {
		return nil // as the kernel says in no time: to look through /proc takes most of what a short program does
	}
	paths, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	var members []int
	for _, path := range paths {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// "PID (name) state parent group ...": a name may contain anything.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) < 3 || fields[0] == "Z" || fields[2] != strconv.Itoa(g.leader) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil && !slices.Contains(g.spared, pid) {
			members = append(members, pid)
		}
	}
	return members
}

// signal sends every member a signal.
func (g group) signal(signal syscall.Signal) {
	for _, pid := range g.members() {
		_ = syscall.Kill(pid, signal) // it may have ended
	}
}

// empty waits until the group has no members, for as long as the limit, and tells whether that happened.
func (g group) empty(limit time.Duration) bool {
	for deadline := time.Now().Add(limit); ; <-time.After(pollInterval) {
		if len(g.members()) == 0 {
			return true
		}
		if !time.Now().Before(deadline) {
			return false
		}
	}
}

// end ends what is left of the group: with a grace it is interrupted first, unless it has been already.
func (g group) end(grace time.Duration, interrupted bool) {
	if grace > 0 {
		if !interrupted {
			g.signal(syscall.SIGINT)
		}
		if g.empty(grace) {
			return
		}
	}
	// Again and again: a member may have started another between the look and the signal.
	for !g.empty(0) {
		g.signal(syscall.SIGKILL)
		<-time.After(pollInterval)
	}
}
