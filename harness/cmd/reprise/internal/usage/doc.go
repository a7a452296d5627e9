// Package usage is what is said of a command line that is wrong: one sentence, before anything is tried.
package usage
