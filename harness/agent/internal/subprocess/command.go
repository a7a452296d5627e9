//go:build linux

package subprocess

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// outputWaitDelay is how long the output of a command is read after it has ended: what it left in the
// background may keep it open for ever.
const outputWaitDelay = 200 * time.Millisecond

// A Command is what is run, and where its streams lead. A nil Stdin is empty.
type Command struct {
	Argv           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Run runs the command with everything it starts in a session of its own, whose leader is killed when the
// context ends. It returns the exit code, -1 for an end by a signal; an error says that it was not run at all.
func (c Command) Run(ctx context.Context) (int, error) {
	if len(c.Argv) == 0 {
		return 0, errors.New("no command is given")
	}
	command := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	command.Stdin, command.Stdout, command.Stderr = c.Stdin, c.Stdout, c.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	command.Cancel = func() error { return unix.Kill(-command.Process.Pid, unix.SIGKILL) }
	command.WaitDelay = outputWaitDelay
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return 0, fmt.Errorf("run it: %w", err)
	}
	return command.ProcessState.ExitCode(), nil
}
