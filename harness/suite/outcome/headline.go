package outcome

import (
	"regexp"
	"slices"
	"strings"
)

// dumped begins a value as Gomega shows one: its type, then what it is, or nothing when that is an error, whose text follows.
var dumped = regexp.MustCompile(`^\s+<.+?>:(.*)$`)

// errorHeads are Gomega's words for an error that was not to be, which say nothing that the error does not.
var errorHeads = []string{"Expected success, but got an error:", "Unexpected error:"}

// headline is a failure in one sentence: that of a matcher is several lines with dumps of what it was given, of which the text of
// an error is enough.
func headline(message string) string {
	if !strings.Contains(message, "\n") {
		return message
	}
	var said []string
	inError, inDump := false, false // of which the text comes first
	for line := range strings.Lines(message) {
		text := strings.TrimSpace(line)
		value := dumped.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		switch {
		case value != nil && !inDump:
			text = strings.TrimSpace(value[1])
			inError = text == ""
		case !strings.HasPrefix(line, " "):
			inError, inDump = false, false
		case inError && (strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")):
			inError, inDump = false, true
		}
		switch {
		case strings.HasPrefix(text, "Gomega truncated this"):
			return strings.Join(said, " ")
		case inDump, text == "", text == "occurred":
		case slices.Contains(errorHeads, text):
			if len(said) > 0 { // what the spec says of it
				said[len(said)-1] = strings.TrimRight(said[len(said)-1], ":.") + ":"
			}
		default:
			said = append(said, text)
		}
	}
	return strings.Join(said, " ")
}
