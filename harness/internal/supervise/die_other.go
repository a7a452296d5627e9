//go:build !linux

package supervise

import "syscall"

// dieWithParent is for Linux only: elsewhere a program outlives a supervisor that is killed until its starter notices.
func dieWithParent() *syscall.SysProcAttr { return nil }
