//go:build linux

package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: the engine's list of mounts is read as the kernel writes it. Method: lines of each shape.
func TestParseMount(t *testing.T) {
	for line, want := range map[string]mount{
		"36 35 98:0 / /sys/fs/cgroup/cpu ro,nosuid shared:1 master:2 - cgroup cgroup rw,cpu": {
			point: "/sys/fs/cgroup/cpu",
			kind:  "cgroup", device: "98:0", readOnly: true,
		},
		`40 35 0:5 /x /with\040space rw,noatime - tmpfs tmpfs rw`: {
			point: "/with space", kind: "tmpfs",
			device: "0:5",
		},
	} {
		if got, ok := parseMount(line); !ok || got != want {
			t.Errorf("%q: %+v, %t, want %+v", line, got, ok, want)
		}
	}
	for _, line := range []string{"", "36 35 98:0 / /x rw", "1 2 3 - tmpfs"} {
		if got, ok := parseMount(line); ok {
			t.Errorf("%q passed for %+v", line, got)
		}
	}
}

// Goal: what is mounted after a file system of thousands of layers is still seen: power-off unmounts it. Method: a list
// with a line of 130 KiB.
func TestParseMountsOfAnyLength(t *testing.T) {
	layers := strings.Repeat("/var/lib/layers/0123456789abcdef:", 4096)
	found := parseMounts("36 35 0:50 / / rw - overlay overlay rw,lowerdir=" + layers +
		"\n37 36 7:0 / /disk ro - ext4 /dev/loop0 ro\n")
	if len(found) != 2 || found[0].kind != "overlay" || found[1].point != "/disk" || !found[1].readOnly {
		t.Errorf("found %d mounts", len(found))
	}
}

// Goal: a file is replaced in one step, with its folders made, its mode set, links followed and no
// temporary file left. Method: write to a new path, over a link, over a folder.
func TestReplace(t *testing.T) {
	folder := t.TempDir()
	target, link := filepath.Join(folder, "deep", "er", "file"), filepath.Join(folder, "link")
	testkit.Must(t, os.Symlink(target, link))
	for _, step := range []struct{ path, content string }{{target, "first"}, {link, "second"}} {
		testkit.Must(t, replace(step.path, []byte(step.content), 0o600))
		content, err := os.ReadFile(target)
		state, statErr := os.Stat(target)
		if err != nil || statErr != nil || string(content) != step.content || state.Mode() != 0o600 {
			t.Fatalf("after %s: %q, mode %v, %v", step.path, content, state.Mode(), errors.Join(err, statErr))
		}
	}
	if err := replace(filepath.Join(folder, "deep"), nil, 0o600); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if err := replace("relative", nil, 0o600); err == nil {
		t.Error("a relative path was accepted")
	}
	left, err := filepath.Glob(filepath.Join(folder, "deep", "er", ".reprise-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Goal: a file keeps its owner when it is replaced. Method: as root, replace a file of another user.
func TestReplaceKeepsTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	path := filepath.Join(t.TempDir(), "file")
	testkit.Must(t, errors.Join(os.WriteFile(path, nil, 0o600), os.Chown(path, 4321, 8765)))
	testkit.Must(t, replace(path, []byte("new"), 0o644))
	var state unix.Stat_t
	if err := unix.Stat(path, &state); err != nil || state.Uid != 4321 || state.Gid != 8765 {
		t.Errorf("the owner is %d:%d, %v, want 4321:8765", state.Uid, state.Gid, err)
	}
}

// Goal: the main process is asked first and killed when it does not listen. Method: shells that end
// on TERM, that ignore it, and that end on another signal, each stopped with a short timeout.
func TestStopAsksThenKills(t *testing.T) {
	for _, c := range []struct{ name, script, signal, want string }{
		{"asked", "exec sleep 600", "", "terminated"},
		{"deaf", "trap '' TERM; echo ready; while :; do sleep 0.1; done", "", "killed"},
		{"interrupted", "exec sleep 600", "INT", "interrupt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := New(Options{Command: []string{"sh", "-c", c.script}})
			if _, err := s.start(t.Context(), protocol.Nothing{}); err != nil {
				t.Fatal(err)
			}
			if c.name == "deaf" {
				waitDeaf(t, s.main.command.Process.Pid)
			}
			if _, err := s.stop(t.Context(), protocol.Stop{Signal: c.signal, Timeout: 300 * time.Millisecond}); err != nil {
				t.Fatal(err)
			}
			status, err := s.status(t.Context(), protocol.Nothing{})
			if err != nil || status.Running || status.Signal != c.want || status.ExitCode != -1 || status.Ended < status.Started {
				t.Errorf("status %+v, %v, want an end by %q", status, err, c.want)
			}
		})
	}
}

// waitDeaf waits until the process ignores TERM, as the kernel shows it.
func waitDeaf(t *testing.T, pid int) {
	t.Helper()
	path := fmt.Sprintf("/proc/%d/status", pid)
	deadline := time.After(5 * time.Second)
	for ticker := time.NewTicker(5 * time.Millisecond); ; {
		content, err := os.ReadFile(path)
		if err == nil && ignores(string(content), unix.SIGTERM) {
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("the process never ignored TERM: %s, %v", content, err)
		}
	}
}

// ignores tells whether a process's status shows the signal among those it ignores; it may have
// inherited others.
func ignores(status string, signal unix.Signal) bool {
	_, rest, _ := strings.Cut(status, "SigIgn:\t")
	mask, err := strconv.ParseUint(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]), 16, 64)
	return err == nil && mask&(1<<(uint(signal)-1)) != 0
}

// Goal: a paused main process can be stopped in an orderly way. Method: SIGSTOP, then stop with a
// long timeout; it must end by TERM, not by the kill.
func TestStopWakesAPausedProcess(t *testing.T) {
	s := New(Options{Command: []string{"sleep", "600"}})
	if _, err := s.start(t.Context(), protocol.Nothing{}); err != nil {
		t.Fatal(err)
	}
	testkit.Must(t, unix.Kill(s.main.command.Process.Pid, unix.SIGSTOP))
	if _, err := s.stop(t.Context(), protocol.Stop{Timeout: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if status := s.main.status(); status.Signal != "terminated" {
		t.Errorf("it ended by %q, want terminated", status.Signal)
	}
}

// Goal: what the main process started goes on after a stop. Method: a shell that starts a sleeper
// and says its number; after the stop the sleeper must be there.
func TestStopSparesWhatTheProcessStarted(t *testing.T) {
	numbers := filepath.Join(t.TempDir(), "pid")
	s := New(Options{Command: []string{"sh", "-c", "sleep 600 & echo $! > " + numbers + ".tmp; mv " + numbers + ".tmp " + numbers +
		"; wait"}})
	if _, err := s.start(t.Context(), protocol.Nothing{}); err != nil {
		t.Fatal(err)
	}
	child := waitNumber(t, numbers)
	defer func() { _ = unix.Kill(child, unix.SIGKILL) }()
	if _, err := s.stop(t.Context(), protocol.Stop{Timeout: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(child, 0); err != nil {
		t.Errorf("process %d, which the main process had started, is gone: %v", child, err)
	}
}

// waitNumber reads the number of a process from a file as soon as it is there.
func waitNumber(t *testing.T, path string) int {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for ticker := time.NewTicker(5 * time.Millisecond); ; {
		if content, err := os.ReadFile(path); err == nil {
			number, err := strconv.Atoi(strings.TrimSpace(string(content)))
			testkit.Must(t, err)
			return number
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatal("the main process never said what it started")
		}
	}
}

// Goal: starting and stopping twice changes nothing. Method: compare the processes.
func TestStartAndStopTwice(t *testing.T) {
	s := New(Options{Command: []string{"sleep", "600"}})
	for range 2 {
		if _, err := s.start(t.Context(), protocol.Nothing{}); err != nil {
			t.Fatal(err)
		}
	}
	first := s.main.command.Process.Pid
	for range 2 {
		if _, err := s.stop(t.Context(), protocol.Stop{Timeout: time.Minute}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.start(t.Context(), protocol.Nothing{}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.main.signal(unix.SIGKILL) }()
	if second := s.main.command.Process.Pid; second == first || !s.main.running() {
		t.Errorf("after a stop and a start, process %d runs: %t, before it was %d", second, s.main.running(), first)
	}
}

// Goal: a command's output, exit code and errors are told apart. Method: one of each.
func TestExec(t *testing.T) {
	s := New(Options{})
	outcome, err := s.exec(t.Context(), protocol.Command{Argv: []string{"sh", "-c", "echo out; echo err >&2; exit 3"}})
	if err != nil || outcome.ExitCode != 3 || string(outcome.Stdout) != "out\n" ||
		!strings.Contains(string(outcome.Output), "out\n") || !strings.Contains(string(outcome.Output), "err\n") {
		t.Errorf("outcome %+v, %v", outcome, err)
	}
	if outcome, err := s.exec(t.Context(), protocol.Command{Argv: []string{"sh", "-c", "kill -9 $$"}}); err != nil ||
		outcome.ExitCode != -1 {
		t.Errorf("a killed command: %+v, %v, want exit code -1", outcome, err)
	}
	if _, err := s.exec(t.Context(), protocol.Command{Argv: []string{"no-such-command"}}); err == nil ||
		!strings.Contains(err.Error(), "no-such-command") {
		t.Errorf("a missing command: %v", err)
	}
	if _, err := s.exec(t.Context(), protocol.Command{}); err == nil {
		t.Error("no command at all was run")
	}
}

// Goal: a command ends with its caller, and with everything it started; one that leaves something in
// the background does not hang. Method: a cancelled context, and a shell that ends before its child.
func TestExecEnds(t *testing.T) {
	s := New(Options{})
	numbers := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = s.exec(ctx, protocol.Command{Argv: []string{"sh", "-c", "sleep 600 & echo $! > " + numbers + ".tmp; mv " + numbers +
			".tmp " + numbers + "; wait"}})
	}()
	child := waitNumber(t, numbers)
	cancel()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("the command goes on 5 s after its caller has gone")
	}
	waitGone(t, child)

	began := time.Now()
	outcome, err := s.exec(t.Context(), protocol.Command{Argv: []string{"sh", "-c", "echo started; sleep 5 &"}})
	if err != nil || string(outcome.Stdout) != "started\n" || time.Since(began) > 4*time.Second {
		t.Errorf("outcome %+v, %v after %v", outcome, err, time.Since(began))
	}
}

// waitGone waits until a process has ended; one that nobody has collected yet counts as ended.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for ticker := time.NewTicker(5 * time.Millisecond); ; {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("process %d is still there: %s", pid, stat)
		}
	}
}

// Goal: a node without power does nothing. Method: switch off, then try each thing; status and
// reading go on.
func TestOffRefuses(t *testing.T) {
	s := New(Options{Command: []string{"sleep", "600"}})
	if _, err := s.switchOff(t.Context(), protocol.Nothing{}); err != nil {
		t.Fatal(err)
	}
	_, startErr := s.start(t.Context(), protocol.Nothing{})
	_, stopErr := s.stop(t.Context(), protocol.Stop{})
	_, execErr := s.exec(t.Context(), protocol.Command{Argv: []string{"true"}})
	for what, err := range map[string]error{"start": startErr, "stop": stopErr, "exec": execErr} {
		if !errors.Is(err, errOff) {
			t.Errorf("%s: %v, want %v", what, err, errOff)
		}
	}
	if status, err := s.status(t.Context(), protocol.Nothing{}); err != nil || status.On {
		t.Errorf("status %+v, %v, want off", status, err)
	}
}

// Goal: only what is in memory is emptied. Method: a folder on disk keeps its file; a missing folder
// is no error.
func TestEmptyMemorySparesDisks(t *testing.T) {
	folder := t.TempDir()
	var system unix.Statfs_t
	if err := unix.Statfs(folder, &system); err != nil || system.Type == unix.TMPFS_MAGIC {
		t.Skipf("temporary files are in memory here (%v)", err)
	}
	kept := filepath.Join(folder, "kept")
	testkit.Must(t, os.WriteFile(kept, nil, 0o600))
	testkit.Must(t, errors.Join(emptyMemory(folder), emptyMemory(filepath.Join(folder, "missing"))))
	if _, err := os.Stat(kept); errors.Is(err, fs.ErrNotExist) {
		t.Error("a file on disk was removed")
	}
}
