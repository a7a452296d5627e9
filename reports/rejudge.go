package reports

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A Rejudgement compares the judgement stored in a record with the one that follows from it now.
type Rejudgement struct {
	// Path is the record's file.
	Path   string
	Record harness.Record
	// Now is today's judgement; the stored one is Record.Judgement.
	Now harness.Judgement
	// Differences has one line per field that differs, such as "verdict: met, now missed". It is empty
	// when both are the same.
	Differences []string
}

// Rejudge judges records again. A path is a record or a folder of records. Every record gives one
// result, in the order of the paths; a path without any record is an error, for nothing would be checked.
func Rejudge(paths ...string) ([]Rejudgement, error) {
	var results []Rejudgement
	for _, path := range paths {
		files, err := expand(path)
		if err != nil {
			return nil, fmt.Errorf("judge again: %w", err)
		}
		for _, file := range files {
			record, err := ReadRecord(file)
			if err != nil {
				return nil, fmt.Errorf("judge again: %w", err)
			}
			now := harness.Judge(record)
			results = append(results, Rejudgement{file, record, now, differences(record.Judgement, now)})
		}
	}
	return results, nil
}

// expand gives the record files that a path stands for.
func expand(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	files, err := recordPaths(path)
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("there is no record in %s", path)
	}
	return files, err
}

// differences compares field by field, under the names that the fields have in the JSON.
func differences(stored, now harness.Judgement) []string {
	var lines []string
	before, after := reflect.ValueOf(stored), reflect.ValueOf(now)
	for i := range before.NumField() {
		was, is := before.Field(i), after.Field(i)
		empty := was.Kind() == reflect.Slice && was.Len() == 0 && is.Len() == 0
		if empty || reflect.DeepEqual(was.Interface(), is.Interface()) {
			continue
		}
		name, _, _ := strings.Cut(before.Type().Field(i).Tag.Get("json"), ",")
		lines = append(lines, fmt.Sprintf("%s: %s, now %s", strings.TrimSuffix(name, "_ns"), show(was), show(is)))
	}
	return lines
}

// show writes a duration to the last digit: a difference that rounding hides is still one.
func show(value reflect.Value) string {
	switch value := value.Interface().(type) {
	case time.Duration:
		return value.String()
	case []string:
		return fmt.Sprintf("%q", value)
	default:
		return fmt.Sprintf("%+v", value)
	}
}
