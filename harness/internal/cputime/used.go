// Package cputime says what this program costs the machine.
package cputime

import (
	"syscall"
	"time"
)

// Used is the processor time that this process has used so far, by itself and in the kernel.
func Used() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0 // no kernel refuses a process its own figures
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
