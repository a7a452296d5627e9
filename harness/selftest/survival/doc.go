// Package survival holds one small drill with every phase that a drill can have, each long enough to be hit, and the moments at
// which runs of it are broken off. `make survive` does so in every way there is, and leaves a [Proof] of what was left behind.
package survival
