package redact

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

// awkward has what every format escapes.
const awkward = `pa"ss'w<o>r&d+ %\größer`

// jsonOf is a text as a JSON string.
func jsonOf(text string) string {
	encoded, _ := json.Marshal(text) // a string can always be written
	return string(encoded)
}

// Goal: a secret is struck out in whatever form it is written. Method: one of letters and one with what formats escape, in every
// form and in forms of forms.
func TestEveryForm(t *testing.T) {
	for _, value := range []string{"KZ3WQ7YH2MBN5LJXUTCRD4PA6E", awkward} {
		redactor := New([]harness.Secret{{Name: "admin", Value: value}})
		for form, text := range map[string]string{
			"plain":                value,
			"quoted":               fmt.Sprintf("%q", value),
			"quoted twice":         fmt.Sprintf("%q", fmt.Sprintf("%q", value)),
			"ASCII":                fmt.Sprintf("%+q", value),
			"JSON":                 jsonOf(value),
			"JSON in JSON":         jsonOf(jsonOf(value)),
			"query":                "?password=" + url.QueryEscape(value) + "&x=1",
			"query in small":       "?password=" + strings.ToLower(url.QueryEscape("/" + value))[3:],
			"path":                 url.PathEscape(value),
			"HTML":                 html.EscapeString(value),
			"HTML of JSON":         html.EscapeString(jsonOf(value)),
			"hexadecimal":          hex.EncodeToString([]byte(value)),
			"for a terminal":       words.Escaped(value),
			"user information":     url.UserPassword("admin", value).String(),
			"base64":               base64.StdEncoding.EncodeToString([]byte(value)),
			"basic authentication": base64.StdEncoding.EncodeToString([]byte("u:" + value)),
			"another alignment":    base64.StdEncoding.EncodeToString([]byte("us:" + value + "@somewhere")),
			"a third alignment":    base64.URLEncoding.EncodeToString([]byte("use:" + value)),
			"base64 in a URL":      url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("us:" + value))),
			"base64 of JSON":       base64.StdEncoding.EncodeToString([]byte(`{"password":` + jsonOf(value) + `}`)),
		} {
			if form == "query in small" && value != awkward {
				continue // which changes its letters too
			}
			if form == "query in small" {
				text = percent.ReplaceAllStringFunc(url.QueryEscape(value), strings.ToLower)
			}
			got := redactor.Text("before " + text + " after")
			if !strings.Contains(got, "[secret: admin]") || !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") {
				t.Errorf("%s: %s is left as %s", form, text, got)
			}
			if left := longestOf(value, got); left >= sought {
				t.Errorf("%s: %d bytes of the secret are left in %s", form, left, got)
			}
		}
	}
}

// longestOf is how long the longest part of the value is that stands in the text.
func longestOf(value, text string) int {
	longest := 0
	for from := range value {
		for to := from + longest + 1; to <= len(value) && strings.Contains(text, value[from:to]); to++ {
			longest = to - from
		}
	}
	return longest
}

const value = "KZ3WQ7YH2MBN5LJXUTCRD4PA6E"

// Goal: what a cut has left of a secret is struck out where a cut can be, and a text that only begins like one stays. Method: the
// beginning and the end of a secret at the ends of a text, of lines and at an ellipsis, and within a line.
func TestCutSecrets(t *testing.T) {
	redactor := New([]harness.Secret{{Name: "token", Value: value}})
	for text, want := range map[string]string{
		"token=" + value[:12]:                                 "token=[secret: token]",
		"token=" + value[:12] + "...":                         "token=[secret: token]...",
		"token=" + value[:12] + "… (cut)":                     "token=[secret: token]… (cut)",
		"token=" + value[:12] + "\n" + value[12:] + " is it":  "token=[secret: token]\n[secret: token] is it",
		value[12:] + " is it":                                 "[secret: token] is it",
		"..." + value[12:] + " is it":                         "...[secret: token] is it",
		"token=" + value[:7]:                                  "token=" + value[:7],
		"token=" + value[:12] + " within":                     "token=" + value[:12] + " within",
		"nothing of it":                                       "nothing of it",
		"":                                                    "",
		value + value:                                         "[secret: token][secret: token]",
		"begins " + value[:20] + value:                        "begins " + value[:20] + "[secret: token]",
		"clipped " + words.Clip("token="+value+" more", 20):   "clipped token=[secret: token]...",
		"half a rune \xc3 " + value:                           "half a rune \xc3 [secret: token]",
		base64.StdEncoding.EncodeToString([]byte(value))[:20]: "[secret: token]",
	} {
		if got := redactor.Text(text); got != want {
			t.Errorf("%q is left as %q, want %q", text, got, want)
		}
	}
}

// Goal: secrets that touch, contain or equal each other are all struck out. Method: texts with one in another, two that overlap,
// and two names of one value.
func TestSeveralSecrets(t *testing.T) {
	redactor := New([]harness.Secret{
		{Name: "short", Value: "0123456789"},
		{Name: "long", Value: "abc0123456789xyz"},
		{Name: "next", Value: "9xyzUVWXYZ"},
		{Name: "same", Value: "0123456789"},
	})
	for text, want := range map[string]string{
		"<0123456789>":             "<[secret: short]>",
		"<abc0123456789xyz>":       "<[secret: long]>",
		"<abc0123456789xyzUVWXYZ>": "<[secret: long]>",
		"<0123456789><9xyzUVWXYZ>": "<[secret: short]><[secret: next]>",
		"<abc0123456789>":          "<abc[secret: short]>",
	} {
		if got := redactor.Text(text); got != want {
			t.Errorf("%s is left as %s, want %s", text, got, want)
		}
	}
}

// Goal: a key of several lines is struck out whole, line by line, and wrapped in base64, and so is a long secret of one line.
// Method: a made-up key in these forms, and a line from the middle.
func TestKeyOfSeveralLines(t *testing.T) {
	lines := []string{
		"-----BEGIN KEY-----", strings.Repeat("abcdefghij", 6), strings.Repeat("klmnopqrst", 6), "uvwxyzuvwxyzuvwxyz",
		"-----END KEY-----",
	}
	key := strings.Join(lines, "\n") + "\n"
	redactor := New([]harness.Secret{{Name: "key", Value: key}})
	encoded := base64.StdEncoding.EncodeToString([]byte(key))
	var wrapped strings.Builder
	for chunk := range slices.Chunk([]byte(encoded), 76) {
		fmt.Fprintf(&wrapped, "%s\n", chunk)
	}
	for _, text := range []string{
		key, "key: " + jsonOf(key), "10:00:00 " + lines[1] + "\n10:00:01 " + lines[2], wrapped.String(),
		"x" + strings.TrimSpace(key) + "x",
	} {
		got := redactor.Text(text)
		for _, piece := range append(lines[1:3:3], wrapped.String()[80:140]) {
			if strings.Contains(got, piece) {
				t.Errorf("%s is left in %s", piece, got)
			}
		}
	}
	long := ""
	for i := range 6 {
		long += fmt.Sprintf("%x", sha256.Sum256([]byte{byte(i)}))
	}
	encoded = base64.StdEncoding.EncodeToString([]byte(long))
	got := New([]harness.Secret{{Name: "long", Value: long}}).Text("it is\n" + encoded[80:156] + "\nwithin")
	if got != "it is\n[secret: long]\nwithin" {
		t.Errorf("a line of a long secret in base64 is left as %s", got)
	}
	const innocent = "-----BEGIN CERTIFICATE-----\nMIIB\n"
	if got := redactor.Text(innocent); got != innocent {
		t.Errorf("%s became %s", innocent, got)
	}
}

// Goal: the process's secrets are struck out of every text of a record, which else stays as it is, and the record given stays
// too; an error keeps its kind. Method: a record with a secret in lists, maps, pointers, and an error that wraps another.
func TestRecordsAndErrors(t *testing.T) {
	const secret = "a-secret-of-this-test"
	record := harness.Record{
		ID: "drill-1", Doubts: []string{"the password is " + secret}, Versions: map[string]string{"x": secret},
		Fault: &harness.RecordFault{Description: secret},
		Steps: []harness.RecordStep{{Name: "run --password=" + secret}, {Name: "another"}},
	}
	Keep([]harness.Secret{{Name: "empty"}, {Name: "planted", Value: secret}})
	struck := Value(record)
	if text := jsonOf(fmt.Sprintf("%+v", struck)); strings.Contains(text, secret) {
		t.Errorf("the secret is left in %s", text)
	}
	if struck.ID != "drill-1" || struck.Steps[0].Name != "run --password=[secret: planted]" || struck.Steps[1].Name != "another" ||
		struck.Fault.Description != "[secret: planted]" || record.Fault.Description != secret {
		t.Errorf("the record became %+v", struck)
	}
	if record.Doubts[0] != "the password is "+secret || record.Versions["x"] != secret || record.Steps[0].Name[15:] != secret {
		t.Errorf("the record that was given became %+v", record)
	}
	err := Error(fmt.Errorf("read %s: %w", secret, fs.ErrNotExist))
	for _, text := range []string{err.Error(), fmt.Sprintf("%v %+v %#v %s %q", err, err, err, err, err)} {
		if strings.Contains(text, secret) {
			t.Errorf("the secret is left in %s", text)
		}
	}
	if !errors.Is(err, fs.ErrNotExist) || Error(fs.ErrNotExist) != fs.ErrNotExist || Error(nil) != nil { //nolint:errorlint // it is to be the same
		t.Errorf("the error became %v", err)
	}
	var written strings.Builder
	if n, err := fmt.Fprintf(Writer(&written), "password %s\n", secret); n != len("password \n")+len(secret) || err != nil ||
		written.String() != "password [secret: planted]\n" {
		t.Errorf("%d bytes were written, %v: %q", n, err, written.String())
	}
}

// Goal: no secret survives, and what was UTF-8 stays so, whatever the secrets and the text are. Method: two secrets, one before,
// between and after any text, plain and encoded.
func FuzzText(f *testing.F) {
	f.Add(value, "0123456789", "before", "after", uint8(0))
	f.Add(awkward, value, "\x1b[31m", "größer", uint8(1))
	f.Add("]]]]]]]]", "[secret: ", "[secret: one]", "]", uint8(2))
	f.Add("aaaaaaaa", "aaaaaaaaaaaa", "aaaa", "aaa", uint8(3))
	f.Add("line one is\nline two is long enough", "....…..…", "\n", "\r\n", uint8(4))
	f.Add("\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", "%C3%A9%C3", "\xc3", "\xa9", uint8(5))
	f.Fuzz(func(t *testing.T, one, two, before, after string, form uint8) {
		secrets := []harness.Secret{{Name: "one", Value: one}, {Name: "two", Value: two}}
		topology := harness.Topology{Nodes: []harness.Node{{System: harness.System{Secrets: secrets}}}}
		if !accepted(topology) {
			return
		}
		encode := []func(string) string{
			func(text string) string { return text }, jsonOf, url.QueryEscape, html.EscapeString,
			func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
			func(text string) string { return hex.EncodeToString([]byte(text)) },
		}[form%6]
		text := before + encode(one) + after + encode(two) + before
		got := New(secrets).Text(text)
		for _, secret := range []string{one, two, encode(one), encode(two)} {
			if strings.Contains(got, secret) {
				t.Errorf("%q is left of %q in %q", secret, text, got)
			}
		}
		if utf8.ValidString(text) && !utf8.ValidString(got) {
			t.Errorf("%q became %q, which is no UTF-8", text, got)
		}
	})
}

// accepted tells whether a topology may have these secrets.
func accepted(topology harness.Topology) bool {
	for _, secret := range topology.Secrets() {
		if !utf8.ValidString(secret.Value) || len(strings.TrimSpace(secret.Value)) < harness.MinimumSecret {
			return false
		}
		for _, other := range topology.Secrets() {
			if strings.Contains(other.Mark(), strings.TrimSpace(secret.Value)) {
				return false
			}
		}
	}
	return true
}
