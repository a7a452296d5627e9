package inspect

import (
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"regexp"
	"strings"
)

// drawn matches identifiers that nobody chose: UUIDs, and hexadecimal numbers of 12 digits or more.
var drawn = regexp.MustCompile(`\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b|\b[0-9a-f]{12,}\b`)

// withoutChance replaces identifiers that differ between two installations of the same thing. A number
// without a letter is left alone: it means something more often than not.
func withoutChance(text string) string {
	if !mayBeDrawn(text) {
		return text
	}
	return drawn.ReplaceAllStringFunc(text, func(found string) string {
		if strings.ContainsAny(found, "-abcdefABCDEF") {
			return "*"
		}
		return found
	})
}

// mayBeDrawn is a cheap look: an expression costs more than all the rest of a text.
func mayBeDrawn(text string) bool {
	run := 0
	for i := range len(text) {
		c := text[i]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' {
			if run++; run >= 12 {
				return true
			}
			continue
		}
		if run == 8 && c == '-' {
			return true
		}
		run = 0
	}
	return false
}

// longestKey bounds what a trait is called; what is longer ends in a digest.
const longestKey = 240

func shortened(key string) string {
	if len(key) <= longestKey {
		return key
	}
	return strings.ToValidUTF8(key[:longestKey], "") + "... " + shortDigest([]byte(key))
}

// shortDigest is long enough for no two different contents to meet by accident.
func shortDigest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}

func trimmed(content []byte) string { return strings.TrimSpace(string(content)) }

// linesOf are the lines of a configuration without comments and blanks.
func linesOf(content []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(string(content)) {
			line = strings.TrimSpace(line)
			if line != "" && !strings.HasPrefix(line, "#") && !yield(line) {
				return
			}
		}
	}
}
