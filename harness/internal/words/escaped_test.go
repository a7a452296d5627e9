package words

import "testing"

// Goal: whatever a product says is one line of printable text. Method: texts of several lines, with escape sequences, with what
// is no UTF-8 and with marks that turn the direction of a line.
func TestEscaped(t *testing.T) {
	for text, want := range map[string]string{
		`"web" fails: größer, 20 % → 日本`: `"web" fails: größer, 20 % → 日本`,
		"two\nlines\r\tand more":         `two\nlines\r\tand more`,
		"\x1b[31mred\x1b[0m\a\x00":       `\x1b[31mred\x1b[0m\a\x00`,
		"half \xff\xc3":                  `half \xff\xc3`,
		"turned \u202e":                  `turned \u202e`,
		"":                               "",
	} {
		if got := Escaped(text); got != want {
			t.Errorf("%q is printed as %s, want %s", text, got, want)
		}
		if got := EscapedLines(text + "\n" + text); got != EscapedLines(text)+"\n"+EscapedLines(text) {
			t.Errorf("two lines of %q are printed as %s", text, got)
		}
	}
}
