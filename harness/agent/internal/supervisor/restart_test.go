//go:build linux

package supervisor

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: the main process is started again when it has ended without being stopped, and only then. Method: every
// way to end it, then what an init system does about it, called by hand so that nothing has to be waited for.
func TestRestart(t *testing.T) {
	for _, test := range []struct {
		name  string
		end   func(t *testing.T, s *Supervisor)
		again bool
	}{
		{"it ends by itself", func(t *testing.T, s *Supervisor) { kill(t, s) }, true},
		{"somebody kills it and waits for its end", func(t *testing.T, s *Supervisor) {
			stop(t, s, protocol.Stop{Signal: "KILL", Killed: true, Timeout: time.Minute})
		}, true},
		{"it is stopped", func(t *testing.T, s *Supervisor) { stop(t, s, protocol.Stop{Timeout: time.Minute}) }, false},
		{"it is stopped after it has ended", func(t *testing.T, s *Supervisor) {
			kill(t, s)
			<-s.main.done
			stop(t, s, protocol.Stop{Timeout: time.Minute})
		}, false},
		{"the node loses its power", func(t *testing.T, s *Supervisor) {
			kill(t, s)
			if _, err := s.switchOff(t.Context(), protocol.Nothing{}); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New(Options{Command: []string{"sleep", "600"}})
			start(t, s)
			first := s.main
			test.end(t, s)
			s.restart(first)
			if again := s.main != first && s.main.running(); again != test.again {
				t.Errorf("started again: %t, want %t", again, test.again)
			}
		})
	}
}

// Goal: what somebody has started meanwhile is left alone, and what he has stopped since stays stopped. Method: end
// one, start another, then what an init system does about the first; the same once the other was stopped.
func TestRestartComesTooLate(t *testing.T) {
	s := New(Options{Command: []string{"sleep", "600"}})
	start(t, s)
	first := s.main
	kill(t, s)
	<-first.done
	start(t, s)
	second := s.main
	s.restart(first)
	if s.main != second || !second.running() {
		t.Errorf("process %d was replaced by %d", second.command.Process.Pid, s.main.command.Process.Pid)
	}
	stop(t, s, protocol.Stop{Timeout: time.Minute})
	s.restart(first)
	if s.main != second {
		t.Error("the end of the first started what somebody had stopped")
	}
}

// Goal: it is started again every time, after the time that was said, and no more once it was stopped. Method:
// kill it twice and measure; a supervisor that was told nothing is the control.
func TestRestartEveryTime(t *testing.T) {
	const after = 50 * time.Millisecond
	s := New(Options{Command: []string{"sleep", "600"}, Restart: after})
	start(t, s)
	for range 2 {
		ended := current(s)
		began := time.Now()
		kill(t, s)
		next := waitNext(t, s, ended)
		if took := time.Since(began); took < after {
			t.Errorf("process %d was started after %v, want at least %v", next.command.Process.Pid, took, after)
		}
	}
	last := current(s)
	stop(t, s, protocol.Stop{Timeout: time.Minute})
	never := New(Options{Command: []string{"true"}})
	start(t, never)
	only := never.main
	<-only.done
	time.Sleep(4 * after) // nothing may happen, which nothing announces
	if current(s) != last || current(never) != only {
		t.Error("one was started again that nobody wanted")
	}
}

func current(s *Supervisor) *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.main
}

// start starts the main process; what runs at the end of the test is killed.
func start(t *testing.T, s *Supervisor) {
	t.Helper()
	if _, err := s.start(t.Context(), protocol.Nothing{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = current(s).signal(unix.SIGKILL) })
}

func kill(t *testing.T, s *Supervisor) {
	t.Helper()
	testkit.Must(t, current(s).signal(unix.SIGKILL))
}

func stop(t *testing.T, s *Supervisor, how protocol.Stop) {
	t.Helper()
	if _, err := s.stop(t.Context(), how); err != nil {
		t.Fatal(err)
	}
}

// waitNext waits until another main process runs.
func waitNext(t *testing.T, s *Supervisor, ended *process) *process {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for ticker := time.NewTicker(time.Millisecond); ; {
		if next := current(s); next != ended && next.running() {
			return next
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatal("it was not started again")
		}
	}
}
