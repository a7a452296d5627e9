package lab

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// A stream is a container's attached standard input and output. It goes through the engine's own
// connection, so it works against a remote engine as well.
type stream struct {
	io.Reader
	response client.ContainerAttachResult
	words    *agentWords
}

// attach opens the stream of a running container. What the agent prints on standard error is
// diagnostics: the end of it is kept, for an agent that is gone.
func attach(ctx context.Context, connection *engine.Engine, id string) (*stream, error) {
	response, err := connection.ContainerAttach(ctx, id, client.ContainerAttachOptions{
		Stream: true, Stdin: true, Stdout: true,
		Stderr: true,
	})
	if err != nil {
		return nil, fmt.Errorf("attach to container %s: %w", id, err)
	}
	reader, writer := io.Pipe()
	words := &agentWords{}
	go func() {
		_, err := stdcopy.StdCopy(writer, words, response.Reader)
		if err == nil {
			err = io.EOF
		}
		writer.CloseWithError(err)
	}()
	return &stream{Reader: reader, response: response, words: words}, nil
}

func (s *stream) Write(data []byte) (int, error) { return s.response.Conn.Write(data) }

// LastWords is the end of what the agent has printed on standard error.
func (s *stream) LastWords() string { return s.words.String() }

// Close ends the connection; the engine tells the agent.
func (s *stream) Close() error {
	s.response.Close()
	return nil
}

// wordsKept is how many bytes are kept of what an agent says.
const wordsKept = 2 << 10

// agentWords keeps the end of what is written to it.
type agentWords struct {
	mu   sync.Mutex
	kept []byte
}

func (w *agentWords) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept = append(w.kept, p...)
	w.kept = w.kept[max(0, len(w.kept)-wordsKept):]
	return len(p), nil
}

func (w *agentWords) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.TrimSpace(string(w.kept))
}
