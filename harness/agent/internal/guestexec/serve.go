//go:build linux

package guestexec

import (
	"context"
	"encoding/json"
	"io"
	"net"

	"github.com/reprise-dr/reprise/harness/agent/internal/subprocess"
)

// Serve runs the commands of everybody who connects, each to its end or until its client goes. It returns
// when the context ends, or the listener fails.
func Serve(ctx context.Context, listener net.Listener) error {
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go serve(ctx, connection)
	}
}

func serve(ctx context.Context, connection net.Conn) {
	defer connection.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers, questions := newSender(connection), json.NewDecoder(connection)
	var first frame
	if answers.send(frame{Hello: true}) != nil || questions.Decode(&first) != nil {
		return // whoever it was is gone
	}
	input, feed := io.Pipe()
	defer input.Close()
	go func() {
		passOn(questions, feed)
		cancel()
	}()
	code, err := subprocess.Command{
		Argv: first.Argv, Stdin: input,
		Stdout: stream{answers, func(content []byte) frame { return frame{Stdout: content} }},
		Stderr: stream{answers, func(content []byte) frame { return frame{Stderr: content} }},
	}.Run(ctx)
	// A client that has gone does not want to know.
	if err != nil {
		_ = answers.send(frame{Error: err.Error()})
		return
	}
	_ = answers.send(frame{Code: &code})
}

// passOn hands over the command's input until the client goes. What the command does not read is dropped.
func passOn(questions *json.Decoder, feed *io.PipeWriter) {
	for {
		var next frame
		if err := questions.Decode(&next); err != nil {
			feed.CloseWithError(err)
			return
		}
		if len(next.Stdin) > 0 {
			_, _ = feed.Write(next.Stdin)
		}
		if next.End {
			feed.Close() //nolint:errcheck // it never fails
		}
	}
}
