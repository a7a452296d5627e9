//go:build linux

package inspect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
)

// settings are the sysctls besides those below net, which a namespace has of its own: what playbooks
// set, and nothing that counts or that the kernel works out.
var settings = []string{
	"fs.file-max", "fs.inotify.max_user_instances", "fs.inotify.max_user_watches", "fs.nr_open", "fs.protected_hardlinks",
	"fs.protected_symlinks", "fs.suid_dumpable",
	"kernel.core_pattern", "kernel.core_uses_pid", "kernel.dmesg_restrict", "kernel.hostname", "kernel.kptr_restrict",
	"kernel.msgmax", "kernel.msgmnb",
	"kernel.panic", "kernel.panic_on_oops", "kernel.pid_max", "kernel.randomize_va_space", "kernel.sem", "kernel.shmall",
	"kernel.shmmax", "kernel.shmmni", "kernel.sysrq", "kernel.threads-max",
	"vm.dirty_background_ratio", "vm.dirty_ratio", "vm.max_map_count", "vm.min_free_kbytes", "vm.overcommit_memory",
	"vm.overcommit_ratio", "vm.panic_on_oom", "vm.swappiness", "vm.vfs_cache_pressure",
}

// unsteady tells of a setting below net whether it changes by itself, is a secret drawn by chance, or is
// no setting at all.
func unsteady(name string) bool {
	switch name {
	case "net.netfilter.nf_conntrack_count", "net.ipv4.tcp_fastopen_key", "net.ipv4.route.flush", "net.ipv6.route.flush":
		return true
	}
	return strings.HasSuffix(name, ".stable_secret")
}

// cables matches the links that container runtimes name by chance.
var cables = regexp.MustCompile(`^(veth|cali|lxc|tap|cni-)[0-9a-f]{6,}$`)

// IsCable tells whether a link is the machine's end of a container's cable, by its name: it comes and
// goes with the container.
func IsCable(link string) bool { return cables.MatchString(link) }

func (l *look) settings(ctx context.Context) ([]harness.Trait, error) {
	var traits []harness.Trait
	for _, name := range settings {
		traits = l.setting(traits, name, filepath.Join(l.at("/proc/sys"), strings.ReplaceAll(name, ".", "/")))
	}
	top := l.at("/proc/sys")
	err := filepath.WalkDir(filepath.Join(top, "net"), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
			return nil // a link that has gone meanwhile, or what only the kernel's owner may see
		case err != nil:
			return err
		case entry.IsDir() && IsCable(entry.Name()):
			return fs.SkipDir
		case entry.IsDir():
			return ctx.Err()
		}
		name := strings.TrimPrefix(path, top+"/")
		// A dot in the name of a link, such as eth0.5, is what sysctl writes as a slash.
		name = strings.NewReplacer("/", ".", ".", "/").Replace(name)
		if !unsteady(name) {
			traits = l.setting(traits, name, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the kernel's settings: %w", err)
	}
	return traits, nil
}

// setting adds one that can be read: some can only be written, and some only by the machine's owner.
func (l *look) setting(traits []harness.Trait, name, path string) []harness.Trait {
	content := l.readSetting(path)
	if content == nil {
		return traits
	}
	return append(traits, harness.Trait{Kind: harness.KindSetting, Key: name, Value: strings.Join(strings.Fields(string(content)),
		" ")})
}

// readSetting reads a setting with as few system calls as there can be: there are a thousand of them.
func (l *look) readSetting(path string) []byte {
	descriptor, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(descriptor)
	buffer := l.buffer()
	count, err := unix.Read(descriptor, buffer)
	if err != nil {
		return nil
	}
	return buffer[:count]
}
