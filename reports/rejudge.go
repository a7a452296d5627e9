package reports

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/judge"
)

// A Rejudgement compares the judgement stored in a record with the one that follows from it now.
type Rejudgement struct {
	// Path is the record's file.
	Path   string
	Record harness.Record
	// Now is today's judgement; the stored one is Record.Judgement.
	Now harness.Judgement
	// Differences has one line per part of the verdict or figure that differs, such as "verdict: met,
	// now missed". It is empty when both are the same. What a record kept from before an addition to
	// the judgement cannot say is no difference: the steps', the spared SLIs' and the misses' lists, the error
	// bounds where they were the probes' period alone, and the time to detect where it was that of the question.
	// Nor is the wording of the reasons.
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
			now := judge.Judge(record)
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
	skip := map[string]bool{"Reasons": true, "Outages": true}
	skip["Repairs"] = len(stored.Repairs) == 0
	skip["Spared"] = len(stored.Spared) == 0
	skip["Misses"] = len(stored.Misses) == 0
	skip["Milestones"] = len(stored.Milestones) == 0
	skip["Symptoms"] = len(stored.Symptoms) == 0
	skip["Resolution"] = !boundsEdges(stored)
	skip["TTD"] = !tellsKnown(stored)
	skip["RTA"] = !tellsKnown(stored) && !stored.Recovered && !now.Recovered
	lines := fieldDifferences("", reflect.ValueOf(stored), reflect.ValueOf(now), skip)
	return append(lines, outageDifferences(stored, now)...)
}

// boundsEdges tells whether the judgement comes from a judge that knew how far the edges of each outage
// may be off. Before, the resolution was the longest period, without the time that the answer took.
func boundsEdges(judgement harness.Judgement) bool {
	return slices.ContainsFunc(judgement.Outages, func(outage harness.Outage) bool { return outage.Resolution > 0 })
}

// tellsKnown tells whether the judgement comes from a judge that knew when a failure was known (ADR 0015). Before, the
// time to detect was when the failed question was asked, and a service that was up for less than the dwell at the end of
// the watch was not back until then.
func tellsKnown(judgement harness.Judgement) bool {
	return slices.ContainsFunc(judgement.Outages, func(outage harness.Outage) bool { return outage.Known > 0 })
}

// outageDifferences compares the outages of each SLI.
func outageDifferences(stored, now harness.Judgement) []string {
	var lines []string
	skip := map[string]bool{"Resolution": !boundsEdges(stored), "Inconclusive": !boundsEdges(stored), "Known": !tellsKnown(stored)}
	for _, was := range stored.Outages {
		is, found := outageOf(now, was.SLI)
		if !found {
			lines = append(lines, fmt.Sprintf("outage of %q: down for %v, now none", was.SLI, was.Down))
			continue
		}
		lines = append(lines, fieldDifferences(fmt.Sprintf("outage of %q, ", was.SLI), reflect.ValueOf(was), reflect.ValueOf(is),
			skip)...)
	}
	for _, is := range now.Outages {
		if _, found := outageOf(stored, is.SLI); !found {
			lines = append(lines, fmt.Sprintf("outage of %q: none, now down for %v", is.SLI, is.Down))
		}
	}
	return lines
}

// fieldDifferences compares two values of the same type, except for the fields to skip.
func fieldDifferences(prefix string, before, after reflect.Value, skip map[string]bool) []string {
	var lines []string
	for i := range before.NumField() {
		field, was, is := before.Type().Field(i), before.Field(i), after.Field(i)
		empty := was.Kind() == reflect.Slice && was.Len() == 0 && is.Len() == 0
		if skip[field.Name] || empty || reflect.DeepEqual(was.Interface(), is.Interface()) {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		lines = append(lines, fmt.Sprintf("%s%s: %s, now %s", prefix, strings.TrimSuffix(name, "_ns"), show(was), show(is)))
	}
	return lines
}

// show writes a duration to the last digit: a difference that rounding hides is still one.
func show(value reflect.Value) string {
	switch value := value.Interface().(type) {
	case time.Duration:
		return value.String()
	case string, []string:
		return fmt.Sprintf("%q", value)
	default:
		return fmt.Sprintf("%+v", value)
	}
}
