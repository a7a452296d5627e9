// Package repository knows the module that the command runs in: which suites of drills it holds, in this repository the folders
// below scenarios, elsewhere the packages that patterns name, and how their specs are labelled. It reads the suites' sources and
// compiles nothing, so that a wrong label is known at once.
package repository
