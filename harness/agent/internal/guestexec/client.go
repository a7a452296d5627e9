//go:build linux

package guestexec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/reprise-dr/reprise/harness/agent/internal/subprocess"
)

const (
	// DefaultTimeout is how long a machine may take until it answers: one that is software all through boots
	// in 3 s, and in three times that on a busy processor.
	DefaultTimeout = 30 * time.Second
	// greetingLimit is how long one connection may take to say hello. The network takes connections
	// before the machine does, and loses what comes too early.
	greetingLimit = 2 * time.Second
	retryEvery    = 50 * time.Millisecond
)

// A Client runs commands in the machine.
type Client struct {
	At      string        // address of the console, such as "127.0.0.1:5514"
	Timeout time.Duration // how long to wait for a machine that boots; 0 means DefaultTimeout
}

// Run runs a command in the machine, waiting for a machine that boots. An error says that it was not run, or
// that the machine went away.
func (c Client) Run(ctx context.Context, wanted subprocess.Command) (int, error) {
	connection, answers, err := c.connect(ctx)
	if err != nil {
		return 0, fmt.Errorf("reach the console at %s: %w", c.At, err)
	}
	defer connection.Close()
	defer context.AfterFunc(ctx, func() { connection.Close() })()
	questions := newSender(connection)
	if err := questions.send(frame{Argv: wanted.Argv}); err != nil {
		return 0, err
	}
	go func() {
		if wanted.Stdin != nil {
			// The machine may be gone: that is what reading its answers finds out.
			_, _ = io.Copy(stream{questions, func(content []byte) frame { return frame{Stdin: content} }}, wanted.Stdin)
		}
		_ = questions.send(frame{End: true})
	}()
	return follow(answers, wanted)
}

// follow writes what the command says, and returns how it ended.
func follow(answers *json.Decoder, wanted subprocess.Command) (int, error) {
	for {
		var next frame
		if err := answers.Decode(&next); err != nil {
			return 0, fmt.Errorf("the machine went away: %w", err)
		}
		for _, output := range []struct {
			to      io.Writer
			content []byte
		}{{wanted.Stdout, next.Stdout}, {wanted.Stderr, next.Stderr}} {
			if len(output.content) == 0 || output.to == nil {
				continue
			}
			if _, err := output.to.Write(output.content); err != nil {
				return 0, err
			}
		}
		switch {
		case next.Error != "":
			return 0, errors.New(next.Error)
		case next.Code != nil:
			return *next.Code, nil
		}
	}
}

// connect waits until the machine says hello.
func (c Client) connect(ctx context.Context) (net.Conn, *json.Decoder, error) {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		connection, answers, err := c.dial(ctx)
		if err == nil {
			return connection, answers, nil
		}
		select {
		case <-ctx.Done():
			return nil, nil, fmt.Errorf("nobody answered within %v: %w", timeout, err)
		case <-time.After(retryEvery):
		}
	}
}

func (c Client) dial(ctx context.Context) (net.Conn, *json.Decoder, error) {
	connection, err := (&net.Dialer{Timeout: greetingLimit}).DialContext(ctx, "tcp", c.At)
	if err != nil {
		return nil, nil, err
	}
	answers := json.NewDecoder(connection)
	var hello frame
	err = errors.Join(connection.SetReadDeadline(time.Now().Add(greetingLimit)), answers.Decode(&hello),
		connection.SetReadDeadline(time.Time{}))
	if err == nil && !hello.Hello {
		err = errors.New("something else answers there")
	}
	if err != nil {
		connection.Close()
		return nil, nil, err
	}
	return connection, answers, nil
}
