//go:build race

package readme

// buildFlags are those of this test, so that what it builds is there already.
var buildFlags = []string{"-race"}
