package echoserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// headerLimit is how long a client may take to ask.
const headerLimit = 10 * time.Second

// An Answer is what the canary says of itself. As long as it stays the same, the same process answers.
type Answer struct {
	PID        int       `json:"pid"`
	Started    time.Time `json:"started"`
	Allocation string    `json:"allocation,omitempty"` // NOMAD_ALLOC_ID, when Nomad runs it
}

// Serve answers every request until the context ends.
func Serve(ctx context.Context, address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("start the canary: %w", err)
	}
	return serve(ctx, listener)
}

func serve(ctx context.Context, listener net.Listener) error {
	answer := Answer{PID: os.Getpid(), Started: time.Now(), Allocation: os.Getenv("NOMAD_ALLOC_ID")}
	handler := http.NewServeMux()
	handler.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, answer) })
	handler.Handle("GET /resolve", resolver{lookup: lookup})
	server := &http.Server{ReadHeaderTimeout: headerLimit, Handler: handler}
	closing := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer closing()
	if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve as the canary: %w", err)
	}
	return nil
}

func reply(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the only failure is a client who has gone
}
