//go:build race

package testkit

// BuildFlags are those of the test that runs: what the go command builds with them is compiled already.
var BuildFlags = []string{"-race"}
