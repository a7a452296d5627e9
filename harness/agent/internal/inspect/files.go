//go:build linux

package inspect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
)

const (
	// mostFiles bounds what is looked at below one path: data belong to ledgers, not to fingerprints.
	mostFiles = 20_000
	// settledContent is how long ago a file must have changed for its digest to be remembered: two changes
	// within one tick of the file system's clock cannot be told apart.
	settledContent = 2 * time.Second
	// mostReadings bounds how often a folder is read that does not read the same twice.
	mostReadings = 5
)

// passing tells whether a file comes and goes by itself: what runsv keeps beside a service, and what
// the harness writes before it renames it.
func passing(name string) bool { return name == "supervise" || strings.HasPrefix(name, ".reprise-") }

// toldElsewhere are files whose content other traits tell, and tell better: they say which line, or
// leave out what differs by chance. The copies that the tools keep of them are as old as they are.
var toldElsewhere = []string{
	"/etc/passwd", "/etc/passwd-", "/etc/shadow", "/etc/shadow-", "/etc/group", "/etc/group-", "/etc/gshadow", "/etc/gshadow-",
	"/etc/subuid-", "/etc/subgid-", "/etc/resolv.conf",
}

// An identity is a file's content without reading it: whoever changes the one changes the other.
type identity struct {
	device, inode    uint64
	size             int64
	modified, change syscall.Timespec
}

// A digest of a file, or the target of a link, is remembered for as long as looks use it.
type digest struct {
	text string
	seen bool // by the present look
}

// A listing is what was in a folder.
type listing struct {
	names []string
	seen  bool // by the present look
}

// files looks at every path and what is below it.
func (l *look) files(ctx context.Context) ([]harness.Trait, error) {
	defer l.forget()
	var traits []harness.Trait
	paths := append(harness.DefaultPaths(), l.request.Paths...)
	for i, asked := range paths {
		found, err := l.tree(ctx, path.Clean(asked))
		if errors.Is(err, fs.ErrNotExist) && i < len(harness.DefaultPaths()) {
			continue
		}
		if err != nil {
			return nil, err
		}
		traits = append(traits, found...)
	}
	return traits, nil
}

// tree looks at a path, whatever it is, and at everything below it. A link is not followed, but for
// the path itself.
func (l *look) tree(ctx context.Context, top string) ([]harness.Trait, error) {
	if !path.IsAbs(top) {
		return nil, fmt.Errorf("read %s: it is no absolute path", top)
	}
	var traits []harness.Trait
	err := l.walk(ctx, top, func(place string, info fs.FileInfo) error {
		value, err := l.describe(ctx, place, info)
		if errors.Is(err, fs.ErrNotExist) && place != top {
			return nil // it has gone meanwhile
		}
		if err != nil {
			return err
		}
		traits = append(traits, harness.Trait{Kind: harness.KindFile, Key: place, Value: value})
		return nil
	})
	return traits, err
}

// walk visits a path and what is below it, in the order of names.
func (l *look) walk(ctx context.Context, top string, visit func(place string, info fs.FileInfo) error) error {
	count := 0
	var descend func(place string, follow bool) error
	descend = func(place string, follow bool) error {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read %s: %w", place, context.Cause(ctx))
		}
		if count++; count > mostFiles {
			return fmt.Errorf("read %s: there are more than %d files below it", top, mostFiles)
		}
		info, err := l.lstat(place)
		if err != nil {
			return l.named(place, err)
		}
		if err := visit(place, info); err != nil {
			return err
		}
		if follow && info.Mode()&fs.ModeSymlink != 0 {
			if info, err = os.Stat(l.at(place)); err != nil {
				return l.named(place, err)
			}
		}
		if !info.IsDir() {
			return nil
		}
		names, err := l.listed(place, info)
		if err != nil {
			return err
		}
		for _, name := range names {
			if passing(name) {
				continue
			}
			if err := descend(path.Join(place, name), false); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return nil
	}
	return descend(top, true)
}

// listed are the names in a folder: as they were when somebody looked last, if nobody has changed it since.
func (l *look) listed(place string, info fs.FileInfo) ([]string, error) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !settled(stat) {
		return l.list(place)
	}
	known := identityOf(stat)
	remembered, found := l.listings[known]
	if !found {
		names, err := l.list(place)
		if err != nil {
			return nil, err
		}
		remembered.names = names
	}
	l.listings[known] = listing{remembered.names, true}
	return remembered.names, nil
}

// list reads a folder until two readings agree. The file system of a container on a busy machine
// (fuse-overlayfs) was seen to leave out a file that was there, once in 28 looks at 1,400 files.
func (l *look) list(place string) ([]string, error) {
	var last []string
	for reading := range mostReadings {
		entries, err := os.ReadDir(l.at(place))
		if err != nil {
			return nil, l.named(place, err)
		}
		names := make([]string, 0, len(entries))
		for _, entry := range entries {
			names = append(names, entry.Name())
		}
		if reading > 0 && slices.Equal(names, last) {
			return names, nil
		}
		last = names
	}
	return last, nil
}

// lstat asks again about a file that is listed and not there: see list.
func (l *look) lstat(place string) (info fs.FileInfo, err error) {
	for range mostReadings {
		if info, err = os.Lstat(l.at(place)); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return info, err
}

// describe is the value of a file.
func (l *look) describe(ctx context.Context, place string, info fs.FileInfo) (string, error) {
	owner := "?"
	stat, ok := info.Sys().(*syscall.Stat_t)
	if ok {
		owner = nameOf(l.names.users, stat.Uid) + ":" + nameOf(l.names.groups, stat.Gid)
	}
	access := fmt.Sprintf("%04o %s", unixMode(info.Mode()), owner)
	switch mode := info.Mode(); {
	case mode.IsDir():
		return "folder " + access, nil
	case mode&fs.ModeSymlink != 0:
		target, err := l.remember(stat, func() (string, error) {
			target, err := os.Readlink(l.at(place))
			if err != nil {
				return "", l.named(place, err)
			}
			return target, nil
		})
		return "link " + owner + " -> " + target, err
	case mode&fs.ModeNamedPipe != 0:
		return "pipe " + access, nil
	case mode&fs.ModeSocket != 0:
		return "socket " + access, nil
	case mode&fs.ModeDevice != 0:
		return fmt.Sprintf("device %d:%d %s", unix.Major(stat.Rdev), unix.Minor(stat.Rdev), access), nil
	}
	content, err := l.content(ctx, place, info, stat)
	return "file " + access + content, err
}

// content says what is in a regular file, unless other traits do.
func (l *look) content(ctx context.Context, place string, info fs.FileInfo, stat *syscall.Stat_t) (string, error) {
	switch {
	case slices.Contains(toldElsewhere, place):
		return "", nil
	case place == "/etc/hosts" || place == "/etc/hostname":
		return l.ownName(place)
	}
	sum, err := l.remember(stat, func() (string, error) { return l.hash(ctx, place) })
	return fmt.Sprintf(" %d bytes sha256:%s", info.Size(), sum), err
}

// ownName says what is in a file that the engine writes with the name and the address of the machine,
// without those.
func (l *look) ownName(place string) (string, error) {
	content, err := os.ReadFile(l.at(place))
	if err != nil {
		return "", l.named(place, err)
	}
	if place == "/etc/hostname" {
		if trimmed(content) == l.hostname {
			return " with the machine's name", nil
		}
		return " with the name " + trimmed(content), nil
	}
	var others []byte
	for line := range strings.Lines(string(content)) {
		if names := strings.Fields(line); len(names) > 1 && slices.ContainsFunc(names[1:], l.isOwn) {
			continue
		}
		others = append(others, line...)
	}
	return fmt.Sprintf(" %d bytes besides the machine's own line sha256:%s", len(others), shortDigest(others)), nil
}

// isOwn tells whether a name is the machine's, or that of one of its containers (reprise-site-web-1-8eccf7c5-system), which
// Podman writes beside it.
func (l *look) isOwn(name string) bool {
	container, ours := strings.CutPrefix(strings.TrimSuffix(name, "-system"), "reprise-")
	lab := strings.LastIndexByte(container, '-')
	return name == l.hostname || ours && lab >= 0 && strings.HasSuffix(container[:lab], "-"+l.hostname)
}

// remember reads what is in a file, or where a link leads, unless it was read before and has not changed.
func (l *look) remember(stat *syscall.Stat_t, read func() (string, error)) (string, error) {
	if stat == nil || !settled(stat) {
		return read()
	}
	known := identityOf(stat)
	if remembered, ok := l.hashes[known]; ok {
		l.hashes[known] = digest{remembered.text, true}
		return remembered.text, nil
	}
	text, err := read()
	if err == nil {
		l.hashes[known] = digest{text, true}
	}
	return text, err
}

// identityOf is the identity of a file's content, or a folder's.
func identityOf(stat *syscall.Stat_t) identity {
	return identity{device: uint64(stat.Dev), inode: stat.Ino, size: stat.Size, modified: stat.Mtim, change: stat.Ctim} //nolint:unconvert // its type differs between architectures
}

func settled(stat *syscall.Stat_t) bool {
	return time.Since(time.Unix(stat.Ctim.Unix())) >= settledContent
}

// forget drops what this look had no use for, and prepares the rest for the next.
func (l *look) forget() {
	for known, remembered := range l.listings {
		if !remembered.seen {
			delete(l.listings, known)
			continue
		}
		l.listings[known] = listing{remembered.names, false}
	}
	for known, remembered := range l.hashes {
		if !remembered.seen {
			delete(l.hashes, known)
			continue
		}
		l.hashes[known] = digest{remembered.text, false}
	}
}

// hashBuffer is how much of a file is read at once, and how long a look that was broken off goes on.
const hashBuffer = 128 << 10

// hash reads a file in a stream.
func (l *look) hash(ctx context.Context, place string) (string, error) {
	file, err := os.OpenFile(l.at(place), os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", l.named(place, err)
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{sum}, struct{ io.Reader }{contextReader{ctx, file}}, l.buffer()); err != nil {
		return "", l.named(place, err)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

func (l *look) buffer() []byte {
	if l.reading == nil {
		l.reading = make([]byte, hashBuffer)
	}
	return l.reading
}

// A contextReader ends with its context.
type contextReader struct {
	ctx  context.Context
	file *os.File
}

func (r contextReader) Read(buffer []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.file.Read(buffer)
}

// unixMode is the mode as chmod writes it.
func unixMode(mode fs.FileMode) uint32 {
	bits := uint32(mode.Perm())
	for _, special := range []struct {
		of fs.FileMode
		is uint32
	}{{fs.ModeSetuid, 0o4000}, {fs.ModeSetgid, 0o2000}, {fs.ModeSticky, 0o1000}} {
		if mode&special.of != 0 {
			bits |= special.is
		}
	}
	return bits
}
