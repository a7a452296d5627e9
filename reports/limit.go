package reports

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// longestText is how many bytes of one text a report shows: enough for a stack of every goroutine of a small program, and little
// enough for a page that a browser opens. The record has all of it.
const longestText = 64 << 10

// limited is the record with its long texts cut. It is the record itself where there are none.
func limited(record harness.Record) harness.Record {
	if !hasLongText(reflect.ValueOf(record)) {
		return record
	}
	var copied harness.Record
	text, err := json.Marshal(record)
	if err == nil {
		err = json.Unmarshal(text, &copied)
	}
	if err != nil {
		return record // it came out of a file, or goes into one: a text that is too long is better than none
	}
	cutTexts(reflect.ValueOf(&copied).Elem())
	return copied
}

// cutText is the beginning of a long text, with how much of it there is.
func cutText(text string) string {
	if len(text) <= longestText {
		return text
	}
	return fmt.Sprintf("%s... (%d bytes in all)", strings.ToValidUTF8(text[:longestText], ""), len(text))
}

// limitedFailures are failures with their long messages cut.
func limitedFailures(failures []Failure) []Failure {
	failures = slices.Clone(failures)
	for i := range failures {
		failures[i].Message = cutText(failures[i].Message)
	}
	return failures
}

// hasLongText tells whether a text below the value is too long.
func hasLongText(value reflect.Value) bool {
	found := false
	walkTexts(value, func(text reflect.Value) { found = found || text.Len() > longestText })
	return found
}

// cutTexts cuts what can be set below the value. The keys of maps are names, and stay.
func cutTexts(value reflect.Value) {
	walkTexts(value, func(text reflect.Value) {
		if text.CanSet() {
			text.SetString(cutText(text.String()))
		}
	})
}

// walkTexts calls visit with every text below the value.
func walkTexts(value reflect.Value, visit func(reflect.Value)) {
	switch value.Kind() {
	case reflect.String:
		visit(value)
	case reflect.Pointer, reflect.Interface:
		if !value.IsNil() {
			walkTexts(value.Elem(), visit)
		}
	case reflect.Slice, reflect.Array:
		for i := range value.Len() {
			walkTexts(value.Index(i), visit)
		}
	case reflect.Map:
		for _, key := range value.MapKeys() {
			walkTexts(value.MapIndex(key), visit)
		}
	case reflect.Struct:
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() {
				walkTexts(value.Field(i), visit)
			}
		}
	}
}
