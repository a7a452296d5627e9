// Package inspect reads what a node's system looks like, for fingerprints and for mentions of
// addresses: with system calls and the kernel's own files alone, since a command would cost more than
// all of it and would show in what it reads. It is part of the supervisor, and sees what the system sees.
// What the network has of its own (addresses, routes, rules for packets) the agent reads.
package inspect
