package words

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Figure rounds a duration for a sentence: four digits say all that a probe can know.
func Figure(d time.Duration) time.Duration {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond)
	case d >= time.Second:
		return d.Round(10 * time.Millisecond)
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond)
	}
	return d
}

// Clip is the beginning of a text.
func Clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	text = text[:limit]
	for !utf8.ValidString(text) {
		text = text[:len(text)-1]
	}
	return text + "..."
}

// Counted is a number of things in words: the plural has an s more, or follows a bar.
func Counted(count int, thing string) string {
	one, many, irregular := strings.Cut(thing, "|")
	switch {
	case count == 1:
		return "1 " + one
	case irregular:
		return fmt.Sprintf("%d %s", count, many)
	}
	return fmt.Sprintf("%d %ss", count, one)
}

// EscapedLines is a text of several lines as a terminal can print it, see [Escaped]. What stands between lines stays.
func EscapedLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = Escaped(line)
	}
	return strings.Join(lines, "\n")
}

// Escaped is a text on one line, as a terminal can print it: control characters, which a terminal would obey, and what is no
// UTF-8 are written as in Go's strings.
func Escaped(text string) string {
	var escaped strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&escaped, `\x%02x`, text[0])
		case unicode.IsPrint(r):
			escaped.WriteRune(r)
		default:
			escaped.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
		text = text[size:]
	}
	return escaped.String()
}
