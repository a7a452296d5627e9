//go:build !bench

package main

import (
	"io"

	"github.com/urfave/cli/v3"
)

// benchCommands are none without the tag bench.
func benchCommands(io.Writer) []*cli.Command { return nil }
