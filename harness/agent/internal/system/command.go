//go:build linux

package system

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// lingering is how long the output of a command is read after it has ended: what it left in the
// background may keep it open for ever.
const lingering = 200 * time.Millisecond

// exec runs a command with everything it starts in a session of its own, which is killed when the caller goes.
func (s *Supervisor) exec(ctx context.Context, request protocol.Command) (protocol.Outcome, error) {
	if s.isOff() {
		return protocol.Outcome{}, errOff
	}
	if len(request.Argv) == 0 {
		return protocol.Outcome{}, errors.New("no command is given")
	}
	var stdout bytes.Buffer
	var output lockedBuffer
	command := exec.CommandContext(ctx, request.Argv[0], request.Argv[1:]...)
	command.Stdout, command.Stderr = io.MultiWriter(&stdout, &output), &output
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	command.Cancel = func() error { return unix.Kill(-command.Process.Pid, unix.SIGKILL) }
	command.WaitDelay = lingering
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return protocol.Outcome{}, fmt.Errorf("run it: %w", err)
	}
	return protocol.Outcome{ExitCode: command.ProcessState.ExitCode(), Stdout: stdout.Bytes(), Output: output.bytes()}, nil
}

// A lockedBuffer collects what two streams bring.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Bytes()
}
