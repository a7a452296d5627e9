// Package contract is what the command that runs suites and the suites agree on: what the command tells a suite about its run
// ([Config], by environment variables), and how a spec says what its control arm has shown ([Ending], in the runner's report).
//
// It imports neither the runner nor the harness, so that a command can import it without either.
package contract
