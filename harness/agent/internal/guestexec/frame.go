//go:build linux

package guestexec

import (
	"encoding/json"
	"io"
	"sync"
)

// A frame is one message, a line of JSON. Which fields are set says what it is.
type frame struct {
	Hello  bool     `json:"hello,omitempty"`  // the first one of the machine: it takes commands
	Argv   []string `json:"argv,omitempty"`   // the first one of the client
	Stdin  []byte   `json:"stdin,omitempty"`  // more of the command's input
	End    bool     `json:"end,omitempty"`    // there is no more of it
	Stdout []byte   `json:"stdout,omitempty"` // what the command says
	Stderr []byte   `json:"stderr,omitempty"`
	Code   *int     `json:"code,omitempty"`  // how it ended: the last one
	Error  string   `json:"error,omitempty"` // why it was not run: the last one
}

// A sender writes frames, from several goroutines.
type sender struct {
	mu      sync.Mutex
	encoder *json.Encoder
}

func newSender(to io.Writer) *sender { return &sender{encoder: json.NewEncoder(to)} }

func (s *sender) send(f frame) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.encoder.Encode(f)
}

// A stream sends what is written to it, each piece as the frame that wrap makes of it.
type stream struct {
	to   *sender
	wrap func(content []byte) frame
}

func (s stream) Write(content []byte) (int, error) {
	if err := s.to.send(s.wrap(content)); err != nil {
		return 0, err
	}
	return len(content), nil
}
