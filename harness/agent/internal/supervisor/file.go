//go:build linux

package supervisor

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

func (s *Supervisor) readFile(w http.ResponseWriter, r *http.Request) {
	content, err := s.read(r.URL.Query().Get("path"))
	if err != nil {
		protocol.Refuse(w, err)
		return
	}
	_, _ = w.Write(content) // the only failure is a caller who has gone
}

func (s *Supervisor) read(path string) ([]byte, error) {
	disk := s.systemDisk()
	s.root.RLock()
	defer s.root.RUnlock()
	if disk != nil && !disk.inside {
		return nil, errOutside
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	// The kernel's own files report no size and must simply be read to their end.
	return io.ReadAll(file)
}

func (s *Supervisor) writeFile(w http.ResponseWriter, r *http.Request) {
	mode, err := strconv.ParseUint(r.URL.Query().Get("mode"), 8, 32)
	if err != nil {
		protocol.Refuse(w, fmt.Errorf("read the file's mode: %w", err))
		return
	}
	content, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller has gone
	}
	path := r.URL.Query().Get("path")
	err = replace(path, content, fs.FileMode(mode))
	if err == nil && s.systemDisk() != nil {
		err = writeBack(path)
	}
	if err != nil {
		protocol.Refuse(w, err)
	}
}

// systemDisk is the disk that the root is on; nil where that is the container's own.
func (s *Supervisor) systemDisk() *systemDisk {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.disk
}

// writeBack returns when a file, and that its folder has it, are on the disk, as an editor does: what is
// only in memory goes with the power.
func writeBack(path string) error {
	for _, one := range []string{path, filepath.Dir(path)} {
		file, err := os.Open(one)
		if err != nil {
			return err
		}
		if err := errors.Join(file.Sync(), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (s *Supervisor) removeFile(w http.ResponseWriter, r *http.Request) {
	if err := os.Remove(r.URL.Query().Get("path")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		protocol.Refuse(w, err)
	}
}

// replace puts a new file in the place of an old one in one step: a product that reads it at that
// moment sees either.
func replace(path string, content []byte, mode fs.FileMode) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("%q is no absolute path", path)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".reprise-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(content)
	if err := errors.Join(err, temporary.Chmod(mode), keepOwner(temporary, path), temporary.Close()); err != nil {
		return err
	}
	err = os.Rename(temporary.Name(), path)
	if errors.Is(err, unix.EBUSY) {
		// The engine has mounted this very file, as it does with /etc/resolv.conf.
		return overwrite(path, content)
	}
	return err
}

func overwrite(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// keepOwner gives a new file the owner of the one it replaces.
func keepOwner(file *os.File, path string) error {
	replaced, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	owner, ok := replaced.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) == os.Geteuid() && int(owner.Gid) == os.Getegid() {
		return nil
	}
	return file.Chown(int(owner.Uid), int(owner.Gid))
}
