package engine

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/paths"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: what goes together may, what does not is refused with the name of who is there, and when that one has ended, it
// may. Method: each mode beside each.
func TestEngineLockModes(t *testing.T) {
	for _, test := range []struct {
		name          string
		first, second LockMode
		together      bool
	}{
		{"two that share", Shared, Shared, true},
		{"one that must be alone beside one that shares", Shared, Exclusive, false},
		{"one that shares beside one that must be alone", Exclusive, Shared, false},
		{"two that must be alone", Exclusive, Exclusive, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := lockPath(t.TempDir(), "engine")
			first, err := takeLock(t.Context(), path, test.first, "reprise chaos", nil)
			testkit.Must(t, err)
			second, err := takeLock(t.Context(), path, test.second, "reprise bench", nil)
			if together := err == nil; together != test.together {
				t.Fatalf("together: %v, %v", together, err)
			}
			if err == nil {
				second.Release()
			} else if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "reprise chaos of user") {
				t.Errorf("the error is %v", err)
			}
			first.Release()
			again, err := takeLock(t.Context(), path, test.second, "reprise bench", nil)
			if err != nil {
				t.Fatalf("after the first has ended: %v", err)
			}
			again.Release()
		})
	}
}

// Goal: two engines do not keep each other's users out, and one engine by two addresses does. Method: paths of ids.
func TestEngineLockIsTheEngines(t *testing.T) {
	one, other := lockPath("/tmp", "ABCD:EFGH"), lockPath("/tmp", "../../etc/passwd")
	if one == other || one != lockPath("/tmp", "ABCD:EFGH") {
		t.Errorf("%s and %s", one, other)
	}
	if filepath.Dir(other) != "/tmp" {
		t.Errorf("the engine chooses the path %s", other)
	}
}

// Goal: a run that was killed and has left others at work still keeps the next one out: that waits, says so, and goes on when
// they have ended. Method: a process that inherits the lock, and a line of a process that is gone.
func TestEngineLockIsHeldByWhoIsLeft(t *testing.T) {
	path := lockPath(t.TempDir(), "engine")
	lock, err := takeLock(t.Context(), path, Exclusive, "reprise chaos", nil)
	testkit.Must(t, err)
	left := exec.CommandContext(t.Context(), "sleep", "3600")
	left.ExtraFiles = []*os.File{lock.File()}
	testkit.Must(t, left.Start())
	gone, err := json.Marshal(holder{
		Process: deadProcess(t), Began: "1", User: "somebody\x1b[2J", Doing: "reprise chaos",
		Since: time.Now(),
	})
	testkit.Must(t, err)
	testkit.Must(t, os.WriteFile(path, gone, 0o600))
	lock.Release()

	said, got := make(chan string, 1), make(chan error, 1)
	go func() {
		next, err := takeLock(t.Context(), path, Exclusive, "reprise bench", func(line string) { said <- line })
		if err == nil {
			next.Release()
		}
		got <- err
	}()
	select {
	case line := <-said:
		if !strings.Contains(line, "waiting for what is left of reprise chaos of user somebody") {
			t.Errorf("it says %q", line)
		}
		if strings.Contains(line, "\x1b") {
			t.Error("what somebody else wrote reaches the terminal as it is")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it says nothing")
	}
	if err := errors.Join(left.Process.Kill(), left.Wait()); err != nil && !strings.Contains(err.Error(), "killed") {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Errorf("after they have ended: %v", err)
	}
}

// deadProcess is the number of a process that has ended.
func deadProcess(t *testing.T) int {
	t.Helper()
	command := exec.CommandContext(t.Context(), "true")
	testkit.Must(t, command.Run())
	return command.Process.Pid
}

// Goal: what another user of the machine puts in the lock's place is neither followed nor written to. Method: a symbolic
// link, a second name of a file, a pipe and a folder.
func TestEngineLockTouchesNothingElse(t *testing.T) {
	for name, put := range map[string]func(path, victim string) error{
		"symbolic link": func(path, victim string) error { return os.Symlink(victim, path) },
		"second name":   func(path, victim string) error { return os.Link(victim, path) },
		"pipe":          func(path, _ string) error { return syscall.Mkfifo(path, 0o666) },
		"folder":        func(path, _ string) error { return os.Mkdir(path, 0o777) },
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path, victim := lockPath(folder, "engine"), filepath.Join(folder, "victim")
			testkit.Must(t, errors.Join(os.WriteFile(victim, []byte("precious"), 0o600), put(path, victim)))
			lock, err := takeLock(t.Context(), path, Exclusive, "reprise chaos", nil)
			if err == nil {
				lock.Release()
				t.Error("it was locked")
			} else if !strings.Contains(err.Error(), "remove") {
				t.Errorf("the error does not say what to do: %v", err)
			}
			if text, _ := os.ReadFile(victim); string(text) != "precious" {
				t.Errorf("the other file is %q", text)
			}
		})
	}
}

// Goal: somebody who tidies /tmp does not let two runs in at once. Method: the file is removed while it is waited for.
func TestEngineLockSurvivesItsFile(t *testing.T) {
	path := lockPath(t.TempDir(), "engine")
	first, err := tryLock(path, Exclusive)
	if err != nil || first == nil {
		t.Fatal(first, err)
	}
	stale, err := openLock(path)
	testkit.Must(t, err)
	defer stale.Close()
	testkit.Must(t, os.Remove(path))
	if same, err := paths.IsAt(stale, path); same || err != nil {
		t.Errorf("a file that is gone counts as the lock: %v, %v", same, err)
	}
	first.Release()
	next, err := tryLock(path, Exclusive)
	if err != nil || next == nil {
		t.Fatal(next, err)
	}
	if same, err := paths.IsAt(next.file, path); !same || err != nil {
		t.Errorf("the lock is not the file that others find: %v, %v", same, err)
	}
	next.Release()
}

// Goal: cleaning ends what a run has left whose command is gone, and nothing of a run that goes on. Method: a process that
// has inherited the lock, first with the line of this process, then with that of one that is gone.
func TestEndOrphans(t *testing.T) {
	path := lockPath(t.TempDir(), "engine")
	lock, err := takeLock(t.Context(), path, Exclusive, "reprise chaos", nil)
	testkit.Must(t, err)
	left := exec.CommandContext(t.Context(), "sleep", "3600")
	left.ExtraFiles = []*os.File{lock.File()}
	testkit.Must(t, left.Start())
	if ended, err := endOrphans(path); len(ended) > 0 || err != nil {
		t.Fatalf("of a run that goes on it ended %q, %v", ended, err)
	}
	lock.Release()
	gone, err := json.Marshal(holder{Process: deadProcess(t), Began: "1", Doing: "reprise chaos"})
	testkit.Must(t, err)
	testkit.Must(t, os.WriteFile(path, gone, 0o600))
	ended, err := endOrphans(path)
	if len(ended) != 1 || !strings.HasPrefix(ended[0], "sleep (") || err != nil {
		t.Errorf("it ended %q, %v", ended, err)
	}
	testkit.Expect(t, left.Wait(), "killed")
}
