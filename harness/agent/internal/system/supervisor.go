//go:build linux

package system

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness/agent/internal/inspect"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// goodbye is how long the main process has to end when the supervisor itself is told to.
const goodbye = 5 * time.Second

// errOff is what a node without power answers. Reading its disk and its status still works.
var errOff = errors.New("the node has lost its power: switch it on first")

// Options are what a supervisor is started with.
type Options struct {
	Command []string      // argv of the main process
	Restart time.Duration // how long after its end a main process that nobody stopped is started again; 0: never
	// Containers says that the command runs containers of its own, and that the cgroups that show are this
	// container's alone: those that are left go when the node boots.
	Containers bool
	Log        *log.Logger
}

// A Supervisor keeps one main process.
type Supervisor struct {
	options Options
	mounts  map[string]bool // mount points that belong to the container
	inspect *inspect.Inspector

	mu   sync.Mutex
	off  bool
	main *process // the last one started; nil before the first start
}

// New makes a supervisor. What is mounted now counts as the container's own; what the product
// mounts later is unmounted by a reboot.
func New(options Options) *Supervisor {
	s := &Supervisor{options: options, mounts: map[string]bool{}, inspect: inspect.New("")}
	for _, mount := range mounts() {
		s.mounts[mount.point] = true
	}
	return s
}

// Serve answers the node's agent until the context ends, then stops the main process.
func (s *Supervisor) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: s.routes(), ErrorLog: s.options.Log, ReadHeaderTimeout: protocol.Lease}
	closing := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer closing()
	err := server.Serve(listener)
	if ctx.Err() != nil {
		_, err = s.stop(context.WithoutCancel(ctx), protocol.Stop{Timeout: goodbye})
	}
	return err
}

func (s *Supervisor) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(protocol.PathStatus, protocol.Handle(s.status))
	mux.Handle(protocol.PathStart, protocol.Handle(s.start))
	mux.Handle(protocol.PathStop, protocol.Handle(s.stop))
	mux.Handle(protocol.PathExec, protocol.Handle(s.exec))
	mux.Handle(protocol.PathOff, protocol.Handle(s.switchOff))
	mux.Handle(protocol.PathBoot, protocol.Handle(s.boot))
	mux.Handle(protocol.PathFingerprint, protocol.Handle(s.fingerprint))
	mux.Handle(protocol.PathMentions, protocol.Handle(s.mentions))
	mux.HandleFunc("GET "+protocol.PathFile, s.readFile)
	mux.HandleFunc("PUT "+protocol.PathFile, s.whileOn(s.writeFile))
	mux.HandleFunc("DELETE "+protocol.PathFile, s.whileOn(s.removeFile))
	return mux
}

// whileOn refuses what nobody can do to a machine without power.
func (s *Supervisor) whileOn(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.isOff() {
			protocol.Refuse(w, errOff)
			return
		}
		handle(w, r)
	}
}

func (s *Supervisor) isOff() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.off
}

func (s *Supervisor) status(context.Context, protocol.Nothing) (protocol.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := protocol.Status{}
	if s.main != nil {
		status = s.main.status()
	}
	status.On = !s.off
	return status, nil
}

// start starts the main process, unless it runs.
func (s *Supervisor) start(context.Context, protocol.Nothing) (protocol.Nothing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.off {
		return protocol.Nothing{}, errOff
	}
	return protocol.Nothing{}, s.startMain()
}

func (s *Supervisor) startMain() error {
	if s.main != nil && s.main.running() {
		return nil
	}
	main, err := startProcess(s.options.Command)
	if err != nil {
		return err
	}
	s.main = main
	if s.options.Restart > 0 {
		go s.restart(main)
	}
	return nil
}

// restart starts the main process again after its end, as an init system does that was told to, unless
// somebody has stopped it, started another or switched the node off.
func (s *Supervisor) restart(ended *process) {
	<-ended.done
	<-time.After(s.options.Restart)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.off || s.main != ended || ended.stopped.Load() {
		return
	}
	if err := s.startMain(); err != nil {
		s.options.Log.Printf("start the main process again: %v", err)
	}
}

func (s *Supervisor) stop(ctx context.Context, stop protocol.Stop) (protocol.Nothing, error) {
	s.mu.Lock()
	main, off := s.main, s.off
	s.mu.Unlock()
	switch {
	case off:
		return protocol.Nothing{}, errOff
	case main == nil:
		return protocol.Nothing{}, nil
	}
	return protocol.Nothing{}, main.stop(ctx, stop)
}
