//go:build linux

package guestexec

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/subprocess"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// machine serves a console on this machine until the test ends.
func machine(t *testing.T) Client {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	go func() { _ = Serve(t.Context(), listener) }()
	return Client{At: listener.Addr().String(), Timeout: 5 * time.Second}
}

// Goal: a command's exit code and both of its outputs come back exactly, and it gets its input. Method: commands of
// every kind of ending, one with bytes that are no text, and more than a pipe holds.
func TestRun(t *testing.T) {
	client := machine(t)
	binary := string([]byte{0, 255, '\n', 0x80, '\r'})
	for name, c := range map[string]struct {
		argv           []string
		stdin          string
		code           int
		stdout, stderr string
		err            string
	}{
		"succeeds": {argv: []string{"printf", "%s", "a b"}, stdout: "a b"},
		"fails": {
			argv: []string{"sh", "-c", "echo out; echo err >&2; exit 7"}, code: 7, stdout: "out\n",
			stderr: "err\n",
		},
		"killed": {argv: []string{"sh", "-c", "kill -9 $$"}, code: -1},
		"input": {argv: []string{"cat"}, stdin: binary + strings.Repeat("x", 300_000), stdout: binary +
			strings.Repeat("x", 300_000)},
		"input is not read":   {argv: []string{"true"}, stdin: strings.Repeat("x", 300_000)},
		"no such program":     {argv: []string{"/no/such"}, err: "run it: fork/exec /no/such: no such file or directory"},
		"leaves a process":    {argv: []string{"sh", "-c", "sleep 60 & echo started"}, stdout: "started\n"},
		"no shell in between": {argv: []string{"echo", "$HOME", "'", "*"}, stdout: "$HOME ' *\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code, err := client.Run(t.Context(), subprocess.Command{
				Argv: c.argv, Stdin: strings.NewReader(c.stdin), Stdout: &stdout,
				Stderr: &stderr,
			})
			if c.err == "" && err != nil || c.err != "" && (err == nil || err.Error() != c.err) {
				t.Fatalf("the error is %v, want %q", err, c.err)
			}
			if code != c.code || stdout.String() != c.stdout || stderr.String() != c.stderr {
				t.Errorf("exit %d, %d bytes of output, error output %q", code, stdout.Len(), stderr.String())
			}
		})
	}
}

// Goal: a command whose client goes away does not go on. Method: end the client's context, and look for the command's process.
func TestClientGoes(t *testing.T) {
	client, file := machine(t), filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for read(file) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		cancel()
	}()
	if _, err := client.Run(ctx, subprocess.Command{Argv: []string{"sh", "-c", "echo $$ > " + file +
		"; exec sleep 60"}}); err == nil {
		t.Error("nobody said that the client went away")
	}
	for start := time.Now(); unix.Kill(read(file), 0) == nil; time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > 5*time.Second {
			t.Fatal("the command goes on")
		}
	}
}

func read(file string) int {
	text, _ := os.ReadFile(file)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

// Goal: a machine that boots is waited for, and one that is not there is named. Method: a network that takes a connection
// and drops it, as QEMU's does before the machine listens, until a console serves there; and nobody.
func TestMachineThatBoots(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	go func() {
		for range 3 {
			if connection, err := listener.Accept(); err == nil {
				connection.Close()
			}
		}
		_ = Serve(t.Context(), listener)
	}()
	client := Client{At: listener.Addr().String(), Timeout: 10 * time.Second}
	if code, err := client.Run(t.Context(), subprocess.Command{Argv: []string{"true"}}); code != 0 || err != nil {
		t.Errorf("exit %d, %v", code, err)
	}
	client = Client{At: "127.0.0.1:1", Timeout: 200 * time.Millisecond}
	_, err = client.Run(t.Context(), subprocess.Command{Argv: []string{"true"}})
	testkit.Expect(t, err, "reach the console at 127.0.0.1:1: nobody answered within 200ms")
}
