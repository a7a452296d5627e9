package supervise

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// OrphanGrace is how long a process whose command is gone may take to close its labs. What it has not closed by then
// ends with the leases of the agents.
const OrphanGrace = 8 * time.Second

// InterruptOrphan interrupts this process when the reprise command that started it is gone, as a Ctrl-C does, and
// kills it when it is still there [OrphanGrace] later. A process that no such command has started is left alone.
func InterruptOrphan() {
	gone := ParentGone()
	// Who is killed takes the other end of its children's output along: a line that nobody reads must not end them.
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	go func() {
		for range broken {
		}
	}()
	go func() {
		<-gone
		_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
		<-time.After(OrphanGrace)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}()
}
