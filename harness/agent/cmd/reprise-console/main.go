//go:build linux

// Command reprise-console is both ends of the console of a machine that runs within a node, see
// harness/agent/internal/guestexec.
//
//	reprise-console serve 10.0.2.15:5514                    # within the machine
//	reprise-console run 127.0.0.1:5514 drbdadm status r0    # in the node's container, with the command's exit code
//
// An exit code of 255 and a sentence that begins with its name says that the machine was not reached.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/reprise-dr/reprise/harness/agent/internal/guestexec"
	"github.com/reprise-dr/reprise/harness/agent/internal/subprocess"
)

// notReached is the exit code of a command that was not run, as ssh has it.
const notReached = 255

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	code, err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "reprise-console:", err)
		code = notReached
	}
	os.Exit(code)
}

func run(ctx context.Context, arguments []string) (int, error) {
	switch {
	case len(arguments) == 2 && arguments[0] == "serve":
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", arguments[1])
		if err != nil {
			return 0, err
		}
		return 0, guestexec.Serve(ctx, listener)
	case len(arguments) > 2 && arguments[0] == "run":
		code, err := guestexec.Client{At: arguments[1]}.Run(ctx, subprocess.Command{
			Argv: arguments[2:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		})
		if code < 0 {
			code = notReached // a signal ended it: no program can end with that as its code
		}
		return code, err
	}
	return 0, errors.New("usage: reprise-console serve ADDRESS | run ADDRESS COMMAND [ARGUMENT...]")
}
