//go:build linux

package supervisor

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/agent/internal/subprocess"
)

// exec runs a command with everything it starts in a session of its own, which is killed when the caller goes.
func (s *Supervisor) exec(ctx context.Context, request protocol.Command) (protocol.Outcome, error) {
	if s.isOff() {
		return protocol.Outcome{}, errOff
	}
	var stdout bytes.Buffer
	var output lockedBuffer
	code, err := subprocess.Command{Argv: request.Argv, Stdout: io.MultiWriter(&stdout, &output), Stderr: &output}.Run(ctx)
	if err != nil {
		return protocol.Outcome{}, err
	}
	return protocol.Outcome{ExitCode: code, Stdout: stdout.Bytes(), Output: output.bytes()}, nil
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
