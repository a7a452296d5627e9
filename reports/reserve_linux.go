package reports

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"unsafe"
)

// openNameless opens a file without a name: whatever ends this process, the space it takes is free again.
// False means that the file system of the folder has no such files.
func openNameless(dir string) (*os.File, bool) {
	const temporaryFile = 0o20000000 | syscall.O_DIRECTORY // O_TMPFILE, which package syscall does not name
	file, err := os.OpenFile(dir, os.O_RDWR|temporaryFile, 0o644)
	return file, err == nil
}

// giveName puts a file without a name into its folder.
func giveName(file *os.File, path string) error {
	const (
		workingFolder = -100  // AT_FDCWD
		follow        = 0x400 // AT_SYMLINK_FOLLOW
	)
	if err := removeIfThere(path); err != nil {
		return err
	}
	from, err := syscall.BytePtrFromString(fmt.Sprintf("/proc/self/fd/%d", file.Fd()))
	if err != nil {
		return err
	}
	to, err := syscall.BytePtrFromString(filepath.Clean(path))
	if err != nil {
		return err
	}
	here := workingFolder
	_, _, errno := syscall.Syscall6(syscall.SYS_LINKAT, uintptr(here), uintptr(unsafe.Pointer(from)),
		uintptr(here), uintptr(unsafe.Pointer(to)), follow, 0)
	runtime.KeepAlive(file)
	if errno != 0 {
		return &os.LinkError{Op: "link", Old: "a file without a name", New: path, Err: errno}
	}
	return nil
}

// allocate makes a file so large that what is written into it needs no more space.
func allocate(file *os.File, size int64) error {
	err := syscall.Fallocate(int(file.Fd()), 0, 0, size)
	if errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.ENOSYS) {
		return fill(file, size)
	}
	return err
}
