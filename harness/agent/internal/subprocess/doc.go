// Package subprocess runs one command to its end, for somebody elsewhere who wants its exact exit code and output
// and may go away meanwhile. The supervisor of a node's system and the console of a guest share it.
//
//	code, err := subprocess.Command{Argv: []string{"ls"}, Stdout: &stdout, Stderr: &stderr}.Run(ctx)
package subprocess
