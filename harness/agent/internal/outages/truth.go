//go:build linux

package outages

import (
	"time"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// A Truth is what really happened to the services.
type Truth struct {
	Seed uint64 `json:"seed"`
	// Ahead is how far CLOCK_REALTIME was ahead of CLOCK_MONOTONIC at the end: whoever stamps with the
	// time of day can be compared too.
	Ahead    time.Duration `json:"ahead_ns"`
	Services []Service     `json:"services"`
}

// A Service is one server with its outages, in order.
type Service struct {
	Name string `json:"name"`
	Cuts []Cut  `json:"cuts"`
}

// A Cut is one outage. Each edge is enclosed by two stamps: the change happened in between.
type Cut struct {
	DownFrom protocol.Instant `json:"down_from_ns"`
	DownTo   protocol.Instant `json:"down_to_ns"`
	UpFrom   protocol.Instant `json:"up_from_ns"`
	UpTo     protocol.Instant `json:"up_to_ns"`
}
