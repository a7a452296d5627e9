//go:build linux

package supervisor

import (
	"context"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/inspect"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// shutdownTimeout is how long the main process has to end when the supervisor itself is told to.
const shutdownTimeout = 5 * time.Second

// errOff is what a node without power answers. Reading its disk and its status still works.
var errOff = harness.ErrOff

// Options are what a supervisor is started with.
type Options struct {
	Command []string      // argv of the main process
	User    string        // who that runs as, see [harness.System.User]; "": who the supervisor runs as
	Restart time.Duration // how long after its end a main process that nobody stopped is started again; 0: never
	// Containers says that the command runs containers of its own, and that the cgroups that show are this
	// container's alone: those that are left go when the node boots.
	Containers bool
	Log        *log.Logger
}

// A Supervisor keeps one main process.
type Supervisor struct {
	options Options
	images  *os.Root     // where the images of attached disks are; nil: none can be attached
	root    sync.RWMutex // held for writing while the root is changed, for reading while a file is read
	inspect *inspect.Inspector

	counters limitCounters

	mu     sync.Mutex
	mounts map[string]bool // mount points that belong to the container
	off    bool
	main   *process         // the last one started; nil before the first start
	disk   *systemDisk      // nil: the root is the container's own
	disks  map[string]*loop // attached ones, by name
}

// New makes a supervisor. What is mounted now counts as the container's own; what the product
// mounts later is unmounted by a reboot.
func New(options Options) *Supervisor {
	s := &Supervisor{options: options, disks: map[string]*loop{}, inspect: inspect.New(""), counters: openLimitCounters()}
	s.rememberMounts()
	// It is opened now because a system disk hides it. A container without it takes no disks.
	s.images, _ = os.OpenRoot(protocol.DisksFolder)
	return s
}

// rememberMounts takes what is mounted now for the container's own.
func (s *Supervisor) rememberMounts() {
	s.mounts = map[string]bool{}
	for _, mount := range mounts() {
		s.mounts[mount.point] = true
	}
}

// Serve answers the node's agent until the context ends, then stops the main process.
func (s *Supervisor) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: s.routes(), ErrorLog: s.options.Log, ReadHeaderTimeout: protocol.Lease}
	closing := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer closing()
	err := server.Serve(listener)
	if ctx.Err() != nil {
		_, err = s.stop(context.WithoutCancel(ctx), protocol.Stop{Timeout: shutdownTimeout})
	}
	return err
}

func (s *Supervisor) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(protocol.PathStatus, protocol.Handle(s.status))
	mux.Handle(protocol.PathLimits, protocol.Handle(s.limits))
	mux.Handle(protocol.PathStart, protocol.Handle(s.start))
	mux.Handle(protocol.PathStop, protocol.Handle(s.stop))
	mux.Handle(protocol.PathExec, protocol.Handle(s.exec))
	mux.Handle(protocol.PathOff, protocol.Handle(s.switchOff))
	mux.Handle(protocol.PathBoot, protocol.Handle(s.boot))
	mux.Handle(protocol.PathInstallDisk, protocol.Handle(s.installDisk))
	mux.Handle(protocol.PathAttachDisk, protocol.Handle(s.attachDisk))
	mux.Handle(protocol.PathDetachDisk, protocol.Handle(s.detachDisk))
	mux.Handle(protocol.PathReadyDisk, protocol.Handle(s.readyDisk))
	mux.Handle(protocol.PathStrikeDisk, protocol.Handle(s.strikeDisk))
	mux.Handle(protocol.PathUndoDisk, protocol.Handle(s.undoDisk))
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
	main, err := startProcess(s.options.Command, s.options.User)
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
