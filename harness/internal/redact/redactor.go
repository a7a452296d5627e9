package redact

import (
	"cmp"
	"slices"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// A Redactor strikes out the secrets that it was made of. It may be used by several goroutines.
type Redactor struct {
	forms []form
	// heads and tails are the first and the last bytes of the forms, by which they are found.
	heads, tails map[string][]int
	// begins tells of two bytes whether any of heads and tails begins with them: most of a text is passed over by it.
	begins [1 << 16]bool
}

// A form is one way in which a secret is written.
type form struct {
	text string
	mark string
}

// sought is how many bytes of a form are looked for. So much of a secret that was cut is struck out; less is left.
const sought = harness.MinimumSecret

// New makes a Redactor. Of two secrets with the same value the mark of the first is written.
func New(secrets []harness.Secret) *Redactor {
	r := &Redactor{heads: map[string][]int{}, tails: map[string][]int{}}
	known := map[string]bool{}
	for _, secret := range secrets {
		for _, text := range formsOf(secret.Value) {
			if len(text) >= sought && !known[text] {
				known[text] = true
				r.forms = append(r.forms, form{text, secret.Mark()})
			}
		}
	}
	for i, form := range r.forms {
		r.index(r.heads, form.text[:sought], i)
		r.index(r.tails, form.text[len(form.text)-sought:], i)
	}
	return r
}

func (r *Redactor) index(index map[string][]int, bytes string, form int) {
	index[bytes] = append(index[bytes], form)
	r.begins[uint16(bytes[0])<<8|uint16(bytes[1])] = true
}

// A hit is a part of a text that is struck out.
type hit struct {
	from, to int
	mark     string
}

// rounds bounds how often a text is searched again because a mark and what stands beside it look like a secret.
const rounds = 8

// Text is the text without the secrets. Of one that was cut, at either end of the text, of a line or at an ellipsis, what is left
// is struck out too, if it has 8 bytes or more. A text that is UTF-8 stays so.
func (r *Redactor) Text(text string) string {
	for range rounds {
		hits := r.hits(text)
		if len(hits) == 0 {
			return text
		}
		text = replaced(text, hits)
	}
	return r.forms[0].mark // secrets that look like marks: better nothing is left of such a text
}

// replaced is the text with marks in the place of what was hit.
func replaced(text string, hits []hit) string {
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	var left strings.Builder
	end := 0
	for i, next := range hits {
		if i > 0 && next.from < end { // the mark is written already
			end = max(end, next.to)
			continue
		}
		left.WriteString(text[end:next.from])
		left.WriteString(next.mark)
		end = next.to
	}
	left.WriteString(text[end:])
	return left.String()
}

// hits are the parts of the text in which a form stands, or as much of one as a cut has left.
func (r *Redactor) hits(text string) []hit {
	var hits []hit
	for at := 0; at+sought <= len(text); at++ {
		if !r.begins[uint16(text[at])<<8|uint16(text[at+1])] {
			continue
		}
		bytes := text[at : at+sought]
		for _, i := range r.heads[bytes] {
			if end := at + commonPrefix(text[at:], r.forms[i].text); end-at == len(r.forms[i].text) || endsAt(text, end) {
				hits = append(hits, hit{at, end, r.forms[i].mark})
			}
		}
		for _, i := range r.tails[bytes] {
			end := at + sought
			if start := end - commonSuffix(text[:end], r.forms[i].text); beginsAt(text, start) {
				hits = append(hits, hit{start, end, r.forms[i].mark})
			}
		}
	}
	return append(hits, r.wholeLines(text)...)
}

// Lines of a longer secret are found although both of their ends were cut off, as base64 does it after 64 or 76 characters.
const (
	longForm  = 76
	longPiece = 2 * sought
)

// wholeLines are the lines that are nothing but a piece of a long form.
func (r *Redactor) wholeLines(text string) []hit {
	var hits []hit
	for _, form := range r.forms {
		if len(form.text) <= longForm {
			continue
		}
		at := 0
		for line := range strings.Lines(text) {
			piece := strings.TrimSpace(line)
			if len(piece) >= longPiece && strings.Contains(form.text, piece) {
				start := at + strings.Index(line, piece)
				hits = append(hits, hit{start, start + len(piece), form.mark})
			}
			at += len(line)
		}
	}
	return hits
}

// ellipses are how a cut is shown.
var ellipses = []string{"...", "…", "\n", "\r"}

// endsAt tells whether the text, a line of it, or what a cut has left ends there.
func endsAt(text string, at int) bool {
	return at == len(text) || slices.ContainsFunc(ellipses, func(end string) bool { return strings.HasPrefix(text[at:], end) })
}

// beginsAt is the same for where it begins.
func beginsAt(text string, at int) bool {
	return at == 0 || slices.ContainsFunc(ellipses, func(end string) bool { return strings.HasSuffix(text[:at], end) })
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func commonSuffix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}
