// Package supervise runs programs that are not ours, such as compilers and test runners, so that they and all
// they have started end with whoever started them, also when that one is killed.
//
// Between the two stands a supervisor: the reprise command, started once more. It holds the read end of a pipe
// whose write end only the starter has. When that end closes, the starter is gone, and the supervisor ends the
// program's whole process group. When the supervisor is killed, the starter does the same. Only who kills every
// process of a tree at once leaves nobody to tidy up: then what stays is files, which `make clean` knows.
//
// The read end is inherited by all programs below, as file descriptor 3, so that those of them that are ours
// (the suites) can watch it too: see [ParentGone].
package supervise
