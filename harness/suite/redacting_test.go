package suite

import (
	"strings"
	"testing"
)

// Goal: what a product prints is no command to GitHub's runner, wherever it stands in what is shown, and elsewhere stays as it
// is. Method: commands at the beginning, after an indentation, in another line, after a carriage return and in the old way.
func TestProductsGiveTheRunnerNoCommands(t *testing.T) {
	for text, want := range map[string]string{
		"::error::x":                          ": :error::x",
		"  \u00a0::add-mask::e":               `  \u00a0::add-mask::e`,
		"fails:\n\t::stop-commands::y\n::z::": "fails:\n\t: :stop-commands::y\n: :z::",
		"fails:\r::error::x":                  `fails:\r::error::x`, // no line begins there any more
		"log ##[add-mask]e":                   "log ## [add-mask]e",
		"dial [fd00:d1::71]:9000, or ::1":     "dial [fd00:d1::71]:9000, or ::1",
	} {
		t.Setenv("GITHUB_ACTIONS", "true")
		if got := shown(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
		t.Setenv("GITHUB_ACTIONS", "")
		if got := shown(text); got != strings.ReplaceAll(strings.ReplaceAll(text, "\r", `\r`), "\u00a0", `\u00a0`) {
			t.Errorf("%q is shown as %q where nobody obeys", text, got)
		}
	}
}

// Goal: what a product prints does nothing to a terminal, and keeps its lines and columns. Method: a text with what terminals
// obey.
func TestProductsGiveTerminalsNoCommands(t *testing.T) {
	const text = "\x1b[31mred\x1b]0;title\a\tis\xff\nit"
	if got, want := shown(text), `\x1b[31mred\x1b]0;title\a`+"\tis"+`\xff`+"\nit"; got != want {
		t.Errorf("it is shown as %q, want %q", got, want)
	}
}
