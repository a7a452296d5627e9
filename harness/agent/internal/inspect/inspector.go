//go:build linux

package inspect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
)

// An Inspector looks at one system. It remembers the digests of files and what is in folders, so that a second look costs no
// more than asking whether they changed.
type Inspector struct {
	root string // "" is the system itself; tests have a folder

	mu       sync.Mutex // one look at a time: two would only slow each other
	hashes   map[identity]digest
	listings map[identity]listing
	dpkg     dpkg
}

// New makes an inspector of the file tree below the root; "" is the system this process is in.
func New(root string) *Inspector {
	return &Inspector{root: root, hashes: map[identity]digest{}, listings: map[identity]listing{}}
}

// A Request says what to look at besides what always is.
type Request struct {
	Paths []string
	// Supervisor is the process whose other children are commands under way; Main is the one that is not. 0: none.
	Supervisor, Main int
}

// A look is one run of the inspector.
type look struct {
	*Inspector
	request  Request
	names    names
	hostname string
	reading  []byte // what files are read into
	table    *processTable

	passedOver []string // texts that are too long to be searched
}

// Traits reads everything but the network's own.
func (i *Inspector) Traits(ctx context.Context, request Request) ([]harness.Trait, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	var traits []harness.Trait
	err := withLowPriority(func() error {
		look, err := i.look(request)
		if err != nil {
			return err
		}
		for _, collect := range []func(context.Context) ([]harness.Trait, error){
			look.packages, look.files, look.accounts, look.processes, look.services, look.cron,
			look.sockets, look.mounts, look.settings, look.resolver,
		} {
			found, err := collect(ctx)
			if err != nil {
				return err
			}
			traits = append(traits, found...)
		}
		return ctx.Err()
	})
	return traits, err
}

func (i *Inspector) look(request Request) (*look, error) {
	l := &look{Inspector: i, request: request}
	var err error
	if l.names, err = i.readNames(); err != nil {
		return nil, err
	}
	hostname, err := i.readOptional("/proc/sys/kernel/hostname")
	l.hostname = trimmed(hostname)
	return l, err
}

// withLowPriority does something on a thread that the kernel serves last, so that looking at a system does
// not take the processor from it, and waits. The thread ends with it: an unprivileged one cannot get its
// priority back.
func withLowPriority(do func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		// Best effort.
		_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 19)
		done <- do()
	}()
	return <-done
}

// at is where a path of the system is.
func (i *Inspector) at(path string) string {
	if i.root == "" {
		return path
	}
	return filepath.Join(i.root, path)
}

// readOptional reads a file of the system that need not be there.
func (i *Inspector) readOptional(path string) ([]byte, error) {
	content, err := os.ReadFile(i.at(path))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, i.named(path, err)
	}
	return content, nil
}

// named is an error that names the system's path, wherever that is.
func (i *Inspector) named(path string, err error) error {
	if failure, ok := errors.AsType[*fs.PathError](err); ok {
		err = failure.Err
	}
	return fmt.Errorf("read %s: %w", path, err)
}

// entries lists a folder of the system that need not be there.
func (i *Inspector) entries(path string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(i.at(path))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, i.named(path, err)
	}
	return entries, nil
}
