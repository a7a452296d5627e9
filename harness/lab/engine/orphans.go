package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// EndOrphans kills the processes of runs on this engine whose command is gone, if there are any, and describes them. A run
// whose command still runs is left alone, and so are other users' processes, which an ordinary user cannot see.
func EndOrphans(ctx context.Context, engine *Engine) (ended []string, err error) {
	id, err := engine.id(ctx)
	if err != nil {
		return nil, err
	}
	return endOrphans(lockPath(lockFolder, id))
}

func endOrphans(path string) (ended []string, err error) {
	lock, err := tryLock(path, Exclusive)
	if err != nil {
		return nil, err
	}
	if lock != nil {
		lock.Release()
		return nil, nil // nobody holds it
	}
	if living, _ := readHolders(path); len(living) > 0 {
		return nil, nil
	}
	for _, process := range holdersOf(path) {
		name := fmt.Sprintf("%s (%d)", processName(process), process)
		if killErr := syscall.Kill(process, syscall.SIGKILL); killErr != nil && !errors.Is(killErr, syscall.ESRCH) {
			err = errors.Join(err, fmt.Errorf("end process %s of a run that is over: %w", name, killErr))
			continue
		}
		ended = append(ended, name)
	}
	return ended, err
}

// holdersOf are the processes that have the file open, this one excepted.
func holdersOf(path string) []int {
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is well-formed
	var holders []int
	for _, link := range links {
		if target, err := os.Readlink(link); err != nil || target != path {
			continue
		}
		process, err := strconv.Atoi(strings.Split(link, "/")[2])
		if err == nil && process != os.Getpid() && (len(holders) == 0 || holders[len(holders)-1] != process) {
			holders = append(holders, process)
		}
	}
	return holders
}

func processName(process int) string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", process))
	if err != nil {
		return "process"
	}
	return strings.TrimSpace(string(name))
}
