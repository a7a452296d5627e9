package reports

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/judge"
)

// Goal: no figure of a record, however wrong, keeps a report from being written. Method: every duration of a drill is the longest
// or the shortest that there is, judged as it is and as it was, in every format.
func TestExtremeDurations(t *testing.T) {
	for _, extreme := range []time.Duration{math.MaxInt64, math.MinInt64, math.MinInt64 + 1, -1} {
		for _, name := range []string{"writes-lost", "not-linearizable"} {
			record := madeUpDrill(t, name)
			setDurations(reflect.ValueOf(&record), extreme)
			judged := record
			judged.Judgement = judge.Judge(record)
			for _, one := range []harness.Record{record, judged} {
				run := Run{ID: "extreme", Records: []harness.Record{one, one}}
				for _, format := range []string{"page", "junit", "summary", "metrics", "table"} {
					t.Run(fmt.Sprintf("%s of %d in %s", format, extreme, name), func(t *testing.T) { render(t, run, format) })
				}
			}
		}
	}
}

// Goal: a page stays one that a browser opens, whatever a product has printed, and says what it leaves out. Method: lines of 10
// MB as evidence, as an SLI's error and as a failure, in every format.
func TestLongLines(t *testing.T) {
	line := strings.Repeat("all work and no play ", 500_000)
	record := madeUpDrill(t, "writes-lost")
	record.Evidence = []harness.Evidence{{Name: "a line", Node: "web-1", Text: line}}
	record.SLIs[0].Intervals[1].Error = line
	record.Findings = []string{line}
	run := Run{
		ID: "long", Records: []harness.Record{record},
		Failures: []Failure{{Record: record.ID, Message: line}, {Scenario: "flood", Title: "no record", Message: line}},
	}
	for _, format := range []string{"page", "junit", "summary", "metrics", "table"} {
		text := render(t, run, format)
		if len(text) > 1<<20 {
			t.Errorf("%s has %d bytes", format, len(text))
		}
		if format == "page" && !strings.Contains(text, fmt.Sprintf("%d bytes in all", len(line))) {
			t.Error("the page does not say that it leaves something out")
		}
	}
	if record.Evidence[0].Text != line {
		t.Error("the record itself was changed")
	}
}

// setDurations sets every duration below a value.
func setDurations(value reflect.Value, to time.Duration) {
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !value.IsNil() {
			setDurations(value.Elem(), to)
		}
	case reflect.Slice, reflect.Array:
		for i := range value.Len() {
			setDurations(value.Index(i), to)
		}
	case reflect.Struct:
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() {
				setDurations(value.Field(i), to)
			}
		}
	case reflect.Int64:
		if value.Type() == reflect.TypeFor[time.Duration]() {
			value.SetInt(int64(to))
		}
	}
}

// Goal: no report has what a terminal would obey or what is no UTF-8. Method: every format of a run whose texts are hostile.
func TestNoControlsInReports(t *testing.T) {
	for _, format := range []string{"page", "junit", "summary", "metrics", "table"} {
		text := render(t, hostileRun(t), format)
		if !utf8.ValidString(text) {
			t.Errorf("%s is no UTF-8", format)
		}
		if at := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }); at >= 0 {
			t.Errorf("%s has a control character: %q", format, text[max(0, at-60):min(len(text), at+20)])
		}
	}
}
