//go:build linux

package outages

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/priority"
)

// heapLimit is what the program may have in memory before it collects garbage.
const heapLimit = 256 << 20

// RaisePriority puts the program, all its threads, before everything else that wants a processor: the observer
// is calibrated on a busy machine, and the service it is calibrated with must not be busy too. The
// program starts itself again for that, as the threads that it has already are out of reach. The garbage collector is off:
// its pauses would delay the timestamps.
//
// Where it may not, as in a control group without real time, it takes short time slices; its stamps are then further
// apart, which they show.
func RaisePriority() error {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(heapLimit)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	has, err := unix.SchedGetAttr(0, 0)
	if err != nil || has.Policy == unix.SCHED_FIFO {
		return nil //nolint:nilerr // a kernel that does not say has nothing to offer
	}
	if unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1}, 0) != nil {
		priority.Soon()
		return nil
	}
	path, err := os.Executable()
	if err == nil {
		err = unix.Exec(path, os.Args, os.Environ())
	}
	return fmt.Errorf("start again with a higher priority: %w", err)
}
