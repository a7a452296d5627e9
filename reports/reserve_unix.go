//go:build unix

package reports

import (
	"os"
	"syscall"
)

// lock locks a file for as long as it is open; somebody else's lock is an error.
func lock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
