// Package repository knows the clone that the command runs in: where it is, which scenarios it holds and how their specs are
// labelled, and where runs leave their reports. It reads the scenarios' sources and compiles nothing, so that a wrong label
// is known at once.
package repository
