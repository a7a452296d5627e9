package protocol

import (
	"io"
	"time"

	"github.com/hashicorp/yamux"
)

// Multiplexing configures both ends of the one stream. Diagnostics go to log: standard output is the stream.
func Multiplexing(log io.Writer) *yamux.Config {
	config := yamux.DefaultConfig()
	config.LogOutput = log
	// Who is still there is the lease's question. A second opinion would end a session because one side was
	// starved for a while: no other limit may be as short as the lease's.
	config.EnableKeepAlive = false
	config.StreamOpenTimeout = 0
	config.ConnectionWriteTimeout = 2 * Silence
	// A tunnel says itself when one direction is finished; a closed stream is closed on both sides.
	config.StreamCloseTimeout = 5 * time.Second
	return config
}
