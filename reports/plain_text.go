package reports

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// What a product printed ends up in reasons and evidence. Its colours and control characters must
// not reach a terminal or a file format that cannot hold them.

var escapeSequence = regexp.MustCompile(`\x1b(\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(\x07|\x1b\\))`)

// printable removes escape sequences and control characters and keeps the lines.
func printable(text string) string {
	return withoutControls(escapeSequence.ReplaceAllString(text, ""))
}

// withoutControls removes what a terminal would obey and what is no character in XML.
func withoutControls(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || r == '\uFFFE' || r == '\uFFFF' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// oneLine puts a printable text on one line.
func oneLine(text string) string { return strings.Join(strings.Fields(printable(text)), " ") }

// firstLine is the headline of a text of several lines.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return oneLine(line)
}

var errorBound = regexp.MustCompile(`± ([0-9.]+) (\S+)`)

// glueError keeps the error bounds in a sentence together.
func glueError(text string) string { return errorBound.ReplaceAllString(text, "±\u00a0$1\u00a0$2") }

func glue(text string) string { return strings.ReplaceAll(text, " ", "\u00a0") }

// plural is a count with its noun.
func plural(count int, noun string) string {
	if count == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", count, noun)
}

// capital begins a text with a capital letter.
func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
