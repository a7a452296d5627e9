package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/paths"
)

// A LockMode says beside whom an engine can be used.
type LockMode int

const (
	// Shared is for what several can do at a time, such as making images.
	Shared LockMode = syscall.LOCK_SH
	// Exclusive is for what measures, and for what would disturb who does.
	Exclusive LockMode = syscall.LOCK_EX
)

// ErrInUse is wrapped by the error of [TakeLock] when somebody else uses the engine.
var ErrInUse = errors.New("this engine is in use")

// lockFolder is where the locks of all users of a machine are. It is not the folder for temporary files that somebody
// has chosen: all have to look in the same place.
const lockFolder = "/tmp"

// A Lock is held until its file is closed by everybody who has it: the process that took it, and those that it
// has given File to. So who has been killed, and left others at work on the engine, still keeps the next one out.
type Lock struct{ file *os.File }

// File is what the children inherit that use the engine too.
func (l *Lock) File() *os.File { return l.file }

// Release lets go of this process's hold.
func (l *Lock) Release() { _ = l.file.Close() } // nothing is lost by it

// Remove is Release that leaves no file behind, for a lock that is exclusive.
func (l *Lock) Remove() error {
	defer l.Release()
	if err := os.Remove(l.file.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the lock of this engine: %w", err)
	}
	return nil
}

// A holder is who says to use an engine, as a line of the lock's file. Only the lock itself counts: the line is for people.
type holder struct {
	Process int       `json:"process"`
	Began   string    `json:"began"` // the process's start as the kernel counts it: numbers of processes come again
	User    string    `json:"user"`
	Doing   string    `json:"doing"`
	Since   time.Time `json:"since"`
}

func (h holder) String() string {
	printable := func(text string) string { return strings.Trim(strconv.Quote(text), `"`) } // somebody else wrote it
	return fmt.Sprintf("%s of user %s, process %d, since %s", printable(h.Doing), printable(h.User), h.Process,
		h.Since.Local().Format(time.TimeOnly))
}

// alive tells whether the process that wrote the line still runs.
func (h holder) alive() bool {
	if err := syscall.Kill(h.Process, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	began := processBegan(h.Process)
	return began == "" || began == h.Began // "": the kernel does not tell about others' processes
}

// processBegan is when a process started, in the kernel's own count; "" when that cannot be read.
func processBegan(process int) string {
	const began = 19 // counted from the state, which follows the name
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) <= began {
		return ""
	}
	return fields[began]
}

// TakeLock takes the engine for what the caller is doing ("reprise chaos"), among all users of this machine. An engine
// is known by its own id: whatever address it is reached by, and whoever asks. When somebody else uses it in a way that
// does not go together, the error wraps [ErrInUse] and says who; when that one has been killed and others still
// work for it, TakeLock waits for them a while first, and tells so in a line; nil is told nothing.
func TakeLock(ctx context.Context, engine *Engine, mode LockMode, doing string, tell func(line string)) (*Lock, error) {
	id, err := engine.id(ctx)
	if err != nil {
		return nil, err
	}
	return takeLock(ctx, lockPath(lockFolder, id), mode, doing, tell)
}

// lockPath has no characters of the engine's choice.
func lockPath(folder, id string) string {
	sum := sha256.Sum256([]byte(id))
	return filepath.Join(folder, "reprise-"+hex.EncodeToString(sum[:8])+".lock")
}

func takeLock(
	ctx context.Context, path string, mode LockMode, doing string, tell func(line string),
) (*Lock, error) {
	var said bool
	for deadline := time.Now().Add(orphansLimit); ; {
		lock, err := tryLock(path, mode)
		if err != nil {
			return nil, err
		}
		if lock != nil {
			lock.sign(mode, doing)
			return lock, nil
		}
		living, last := readHolders(path)
		if len(living) > 0 {
			return nil, fmt.Errorf("%w (%s)", ErrInUse, strings.Join(living, "; "))
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("%w: %s has ended, and something that it has started still runs after %v: `%s` ends it",
				ErrInUse, last, orphansLimit, module.Command("clean"))
		}
		if !said && tell != nil {
			tell(fmt.Sprintf("waiting for what is left of %s: it has ended, and its suites are still closing their labs", last))
			said = true
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(lockEvery):
		}
	}
}

// tryLock returns nil when the lock is somebody else's.
func tryLock(path string, mode LockMode) (*Lock, error) {
	for {
		file, err := openLock(path)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(file.Fd()), int(mode)|syscall.LOCK_NB)
		if err != nil {
			err = errors.Join(err, file.Close())
			if errors.Is(err, syscall.EWOULDBLOCK) {
				return nil, nil //nolint:nilnil // neither an error nor a lock
			}
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if same, err := paths.IsAt(file, path); same || err != nil {
			return &Lock{file}, err
		}
		_ = file.Close() // somebody has removed the file in the meantime, as those do who tidy /tmp: the next one locks another
	}
}

// openLock opens the file, and makes it where there is none. Anybody may write below /tmp: what is no plain file is not
// touched.
func openLock(path string) (*os.File, error) {
	const flags = os.O_RDWR | syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	for {
		// First without O_CREATE: kernels refuse that for another user's file in a folder such as /tmp.
		file, err := os.OpenFile(path, flags, 0)
		if errors.Is(err, fs.ErrNotExist) {
			file, err = os.OpenFile(path, flags|os.O_CREATE|os.O_EXCL, 0o666)
			if errors.Is(err, fs.ErrExist) {
				continue
			}
			if err == nil {
				err = file.Chmod(0o666) // whatever the umask: everybody locks it
			}
		}
		if err != nil {
			return nil, fmt.Errorf("open the lock of this engine: %w: remove %s when no run is going on", err, path)
		}
		state, err := file.Stat()
		if err == nil && (!state.Mode().IsRegular() || state.Sys().(*syscall.Stat_t).Nlink > 1) {
			err = errors.New("it is no plain file of its own")
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("use %s as the lock of this engine: %w: remove it", path, err), file.Close())
		}
		return file, nil
	}
}

// lockFileLimit is how much of a lock's file is read: more than all who can hold it at a time write.
const lockFileLimit = 64 << 10

// sign writes who holds the lock. Where that fails, others are told less.
func (l *Lock) sign(mode LockMode, doing string) {
	line, err := json.Marshal(holder{os.Getpid(), processBegan(os.Getpid()), userName(), doing, time.Now()})
	if err != nil {
		return
	}
	if state, err := l.file.Stat(); mode == Exclusive || err == nil && state.Size() > lockFileLimit/2 {
		_ = l.file.Truncate(0)
	}
	_, _ = l.file.Seek(0, io.SeekEnd)
	_, _ = l.file.Write(append(line, '\n'))
}

// readHolders names those who have signed and still run, and the last one who has.
func readHolders(path string) (living []string, last string) {
	last = "somebody"
	file, err := openLock(path)
	if err != nil {
		return nil, last
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, lockFileLimit))
	if err != nil {
		return nil, last
	}
	for line := range bytes.Lines(text) {
		var signed holder
		if json.Unmarshal(line, &signed) != nil {
			continue
		}
		last = signed.String()
		if signed.alive() {
			living = append(living, last)
		}
	}
	slices.Sort(living)
	return slices.Compact(living), last
}
