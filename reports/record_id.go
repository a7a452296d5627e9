package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
)

// longestRecordID is how many bytes RecordID gives at most. A file name has 255 at most; what is left
// is for what a run adds to the ID (a control arm, the number of a pass), for the extension, and for
// the temporary name that a record has while it is written.
const longestRecordID = 190

// RecordID makes the ID of a record, which is also its file name, out of a spec's whole text: its ASCII
// letters and digits in lower case. A text that is too long, or that has letters which are left out, ends
// in a few digits drawn from the whole of it. Texts that differ in case and punctuation only have the same ID.
func RecordID(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	id := strings.Join(words, "-")
	if len(id) <= longestRecordID && !strings.ContainsFunc(text, isLeftOut) && id != "" {
		return id
	}
	sum := sha256.Sum256([]byte(text))
	digits := hex.EncodeToString(sum[:4])
	id = strings.TrimRight(id[:min(len(id), longestRecordID-len(digits)-1)], "-")
	return strings.TrimLeft(id+"-"+digits, "-")
}

// isLeftOut tells whether an ID has no place for a character that makes one text differ from another.
func isLeftOut(r rune) bool {
	return r > unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || unicode.IsSymbol(r))
}
