package supervise

import "syscall"

// dieWithParent has the kernel kill a program when the thread that starts it is gone.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
