package usage

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v3"
)

// DidYouMean ends a sentence with the known word that is nearest, where one is near.
func DidYouMean(word string, known []string) string {
	var candidates []*cli.Command
	for _, one := range known {
		candidates = append(candidates, &cli.Command{Name: one})
	}
	// The library knows words of its own, such as "help".
	if nearest := cli.SuggestCommand(candidates, word); slices.Contains(known, nearest) {
		return ": did you mean " + nearest + "?"
	}
	return ";"
}

// An Error is the user's: nothing was tried. The command ends with status 2.
type Error struct{ error }

// Unwrap is the error with its sentence.
func (e Error) Unwrap() error { return e.error }

// Errorf makes an error of the command line, in one sentence.
func Errorf(format string, arguments ...any) error {
	return Error{fmt.Errorf(format, arguments...)}
}
