//go:build linux || darwin

package reports

import "syscall"

// freeSpace is how many bytes an unprivileged user may still write below the folder, how many files its disk can hold, 0 when
// it does not count them, and how many of those are left.
func freeSpace(dir string) (free, files, freeFiles uint64, err error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return 0, 0, 0, err
	}
	return disk.Bavail * uint64(disk.Bsize), disk.Files, disk.Ffree, nil //nolint:gosec // a block's size is positive
}
