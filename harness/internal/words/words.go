package words

import (
	"fmt"
	"strings"
	"time"
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
