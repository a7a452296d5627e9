//go:build linux

package priority

import (
	"os"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: every thread has the shortest slice, those included that are started afterwards. Method: look at all, then at one
// that the runtime has to start, where the kernel knows slices.
func TestSoon(t *testing.T) {
	Soon()
	own := func() uint64 {
		has, err := unix.SchedGetAttr(0, 0)
		testkit.Must(t, err)
		return has.Runtime
	}
	if own() != slice {
		t.Skip("this kernel lets no thread choose its slice")
	}
	threads, err := os.ReadDir("/proc/self/task")
	testkit.Must(t, err)
	for _, thread := range threads {
		id, _ := strconv.Atoi(thread.Name())
		if has, err := unix.SchedGetAttr(id, 0); err == nil && has.Runtime != slice {
			t.Errorf("thread %d has a slice of %d ns", id, has.Runtime)
		}
	}
	started := make(chan uint64)
	for range 4 { // each keeps its thread
		go func() {
			runtime.LockOSThread()
			started <- own()
			select {}
		}()
	}
	for range 4 {
		if got := <-started; got != slice {
			t.Errorf("a thread that was started later has a slice of %d ns", got)
		}
	}
}
