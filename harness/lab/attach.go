package lab

import (
	"context"
	"fmt"
	"io"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

// A stream is a container's attached standard input and output. It goes through the engine's own
// connection, so it works against a remote engine as well.
type stream struct {
	io.Reader
	response client.ContainerAttachResult
}

// attach opens the stream of a running container. What the agent prints on standard error is
// diagnostics for a person with `docker attach`, and is dropped here.
func attach(ctx context.Context, engine *Engine, id string) (*stream, error) {
	response, err := engine.ContainerAttach(ctx, id, client.ContainerAttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		return nil, fmt.Errorf("attach to container %s: %w", id, err)
	}
	reader, writer := io.Pipe()
	go func() {
		_, err := stdcopy.StdCopy(writer, io.Discard, response.Reader)
		if err == nil {
			err = io.EOF
		}
		writer.CloseWithError(err)
	}()
	return &stream{Reader: reader, response: response}, nil
}

func (s *stream) Write(data []byte) (int, error) { return s.response.Conn.Write(data) }

// Close ends the connection; the agent notices and waits for its lease to run out.
func (s *stream) Close() error {
	s.response.Close()
	return nil
}
