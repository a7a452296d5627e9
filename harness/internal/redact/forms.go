package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"html"
	"html/template"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/reprise-dr/reprise/harness/internal/words"
)

// formsOf lists how a secret is written: as it is, as it is escaped or encoded, and as that is escaped once more, such as JSON
// within JSON or base64 in a URL. A secret of several lines is written line by line too.
func formsOf(value string) []string {
	plain := []string{value, strings.TrimSpace(value)}
	if lines := strings.Split(strings.TrimSpace(value), "\n"); len(lines) > 1 {
		for _, line := range lines {
			if line = strings.TrimSpace(line); len(line) >= longPiece && !strings.HasPrefix(line, "-----") { // begin and end of a key
				plain = append(plain, line)
			}
		}
	}
	var forms []string
	for _, text := range plain {
		escaped := escapedForms(text)
		forms = append(append(forms, text), escaped...)
		for _, once := range append([]string{text}, escaped...) {
			forms = append(forms, encodedForms(once)...)
		}
	}
	for _, once := range slices.Clip(forms) {
		forms = append(forms, escapedForms(once)...)
	}
	return forms
}

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

// escapedForms is the text as formats write it whose own characters it has.
func escapedForms(text string) []string {
	query := url.QueryEscape(text)
	escaped := []string{
		unquoted(strconv.Quote(text)), unquoted(strconv.QuoteToASCII(text)), words.Escaped(text), words.EscapedLines(text),
		html.EscapeString(text), template.HTMLEscapeString(text), strings.ReplaceAll(html.EscapeString(text), "+", "&#43;"),
		query, strings.ReplaceAll(query, "+", "%20"), url.PathEscape(text),
		strings.ReplaceAll(text, "'", `'\''`), strings.ReplaceAll(text, "'", `'"'"'`),
	}
	for _, one := range escaped[7:10] {
		escaped = append(escaped, percent.ReplaceAllStringFunc(one, strings.ToLower))
	}
	if encoded, err := json.Marshal(text); err == nil {
		escaped = append(escaped, unquoted(string(encoded)))
	}
	var plain, marked strings.Builder
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(text) == nil {
		escaped = append(escaped, unquoted(strings.TrimSpace(plain.String())))
	}
	if xml.EscapeText(&marked, []byte(text)) == nil {
		escaped = append(escaped, marked.String())
	}
	return escaped
}

func unquoted(text string) string { return text[1 : len(text)-1] }

// encodedForms is the text in base64, wherever it stands in what is encoded, and in hexadecimal digits.
func encodedForms(text string) []string {
	encoded := []string{hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text)))}
	for before := range 3 {
		bits := 8 * (before + len(text))
		first, end := (8*before+5)/6, bits/6 // the characters that no byte beside the text has a part in
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			encoded = append(encoded, encoding.EncodeToString(append(make([]byte, before), text...))[first:end])
		}
	}
	return encoded
}
