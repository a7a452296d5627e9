//go:build linux

package inspect

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// socketsOf are the inodes of the sockets that a process has open. A process that does not let itself
// be looked at has none.
func (l *look) socketsOf(one process) []string {
	var inodes []string
	l.asUser(one, func() {
		folder := filepath.Join(l.at(fmt.Sprintf("/proc/%d", one.pid)), "fd")
		directory, err := os.Open(folder)
		if err != nil {
			return
		}
		defer directory.Close()
		descriptors, err := directory.Readdirnames(-1)
		if err != nil {
			return
		}
		for _, descriptor := range descriptors {
			target, err := os.Readlink(filepath.Join(folder, descriptor))
			if err != nil {
				continue
			}
			if inode, ok := strings.CutPrefix(target, "socket:["); ok {
				inodes = append(inodes, strings.TrimSuffix(inode, "]"))
			}
		}
	})
	return inodes
}

// asUser does something with the eyes of a process's own user. What a process has open the kernel shows
// to its user, and to root only with a capability (SYS_PTRACE) that containers do not have. Only this
// thread changes, which nobody else uses.
func (l *look) asUser(one process, do func()) {
	if one.user == 0 || l.root != "" {
		do()
		return
	}
	// Neither tells whether it succeeded: what cannot be looked at then is left out.
	_ = unix.Setfsgid(int(one.group))
	_ = unix.Setfsuid(int(one.user))
	defer func() {
		_ = unix.Setfsuid(0)
		_ = unix.Setfsgid(0)
	}()
	do()
}
