//go:build linux

package outages

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
)

// Serve starts the described services ("NAME=KIND@ADDRESS") and takes orders on the control address
// until the context ends. A service that cannot be started is an error.
func Serve(ctx context.Context, control string, descriptions []string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", control)
	if err != nil {
		return fmt.Errorf("listen for orders: %w", err)
	}
	return serve(ctx, listener, descriptions)
}

func serve(ctx context.Context, listener net.Listener, descriptions []string) error {
	controller := &controller{ctx: ctx}
	defer controller.end()
	for _, description := range descriptions {
		opened, err := open(ctx, description)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		controller.targets = append(controller.targets, opened)
	}
	orders := http.NewServeMux()
	orders.HandleFunc("POST /begin", controller.begin)
	orders.HandleFunc("GET /truth", controller.truth)
	server := &http.Server{ReadHeaderTimeout: headerLimit, Handler: orders}
	closing := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer closing()
	if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("take orders: %w", err)
	}
	return nil
}

// A controller takes orders: one campaign of cuts at a time.
type controller struct {
	ctx     context.Context
	targets []named
	running sync.WaitGroup

	mu      sync.Mutex
	going   bool
	outcome *Truth
	failure error
}

// begin starts a campaign: a number of outages of every service, by a seed.
func (c *controller) begin(w http.ResponseWriter, r *http.Request) {
	seed, seedErr := strconv.ParseUint(r.FormValue("seed"), 10, 64)
	outages, outagesErr := strconv.Atoi(r.FormValue("outages"))
	if err := errors.Join(seedErr, outagesErr); err != nil || outages < 1 {
		http.Error(w, fmt.Sprintf("the seed %q or the number of outages %q makes no sense", r.FormValue("seed"),
			r.FormValue("outages")), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.going {
		http.Error(w, "the cuts of before still go on", http.StatusConflict)
		return
	}
	c.going, c.outcome, c.failure = true, nil, nil
	c.running.Go(func() {
		truth, err := conduct(c.ctx, c.targets, seed, outages)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.going, c.outcome, c.failure = false, &truth, err
	})
	w.WriteHeader(http.StatusNoContent)
}

// truth says what happened when it is over. Nothing is sent before, so that nothing disturbs.
func (c *controller) truth(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.failure != nil:
		http.Error(w, c.failure.Error(), http.StatusInternalServerError)
	case c.outcome == nil:
		http.Error(w, "it is not over", http.StatusConflict)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(c.outcome) // the only failure is a client who has gone
	}
}

// end waits for the campaign, which the context has ended, and closes the services.
func (c *controller) end() {
	c.running.Wait()
	for _, target := range c.targets {
		_ = target.close() // the process ends anyway
	}
}
