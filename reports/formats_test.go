package reports

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/judge"
)

// hostile is a text as a product might log it: markup of every format, colours, broken bytes.
const hostile = "a|b <script>alert(1)</script> \"q\" `c` ]]> \\ \x1b[31mred\x1b[0m \x00\xff [x](http://y) & é\nsecond line"

// hostileRun is a run in which every text that others write is hostile.
func hostileRun(t *testing.T) Run {
	t.Helper()
	record := madeUpDrill(t, "writes-lost")
	record.ID, record.Scenario, record.Title, record.Repeat = "hostile", hostile, hostile, hostile
	record.Labels, record.Findings, record.Doubts = []string{hostile}, []string{hostile}, []string{hostile}
	record.Claim = harness.Claim{Verdict: harness.Missed, Because: hostile}
	record.Fault.Description, record.Fault.Confirmed = hostile, hostile
	record.Versions = map[string]string{hostile: hostile}
	record.Evidence = []harness.Evidence{{Name: hostile, Node: hostile, Text: hostile}}
	record.SLIs[0].Name, record.SLIs[0].Intervals[1].Error = hostile, hostile
	record.Steps[0].Name, record.Steps[0].Runbook, record.Steps[0].Error = hostile, hostile, hostile
	record.Ledgers[0].Name = hostile
	record.SLIs[1].Steady, record.SLIs[1].Unaffected, record.SLIs[1].Skipped, record.SLIs[1].Name = false, true, 1, hostile+" too"
	record.FurtherFaults = []harness.RecordFault{{Description: hostile, At: t0 + time.Second, Confirmed: hostile}}
	record.Rehearsals = []harness.RecordRehearsal{{Name: hostile, To: time.Second}, {Name: hostile, Error: hostile}}
	record.Registers = madeUpDrill(t, "not-linearizable").Registers
	record.Registers[0].Name, record.Registers[0].Explanation = hostile, hostile
	record.Judgement = judge.Judge(record)
	again := record
	again.ID = "hostile-again" // makes a distribution
	return Run{
		ID: hostile, Command: hostile, Records: []harness.Record{record, again},
		Failures: []Failure{{Scenario: hostile, Title: "no record", Message: hostile}, {Record: "hostile", Message: hostile}},
		Skipped:  []Skip{{hostile, hostile, hostile}},
	}
}

// render gives one report of a run as text.
func render(t *testing.T, run Run, name string) string {
	t.Helper()
	var text bytes.Buffer
	var err error
	switch name {
	case "page":
		err = Page(&text, run)
	case "junit":
		err = JUnit(&text, run)
	case "summary":
		err = Summary(&text, run)
	case "metrics":
		err = OpenMetrics(&text, run.Records)
	case "table", "table in colour":
		Table(&text, run, name != "table")
	}
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// TestPageIsSelfContained proves that the page loads nothing, runs nothing and cannot be broken by
// what products log. Method: look for anything that fetches or scripts in the pages of a usual and of a hostile run.
func TestPageIsSelfContained(t *testing.T) {
	fetches := regexp.MustCompile(`(?i)<script|<link|<img|<iframe|<object|@import|\ssrc=|\son[a-z]+=|url\([^#]`)
	for _, run := range []Run{madeUpRun(t), hostileRun(t), {}} {
		page := render(t, run, "page")
		if found := fetches.FindString(page); found != "" {
			t.Errorf("run %.20q: the page contains %q", run.ID, found)
		}
		if strings.ContainsAny(page, "\x1b") {
			t.Errorf("run %.20q: the page contains an escape character", run.ID)
		}
		if !strings.HasSuffix(strings.TrimSpace(page), "</html>") {
			t.Errorf("run %.20q: the page ends with %q", run.ID, page[len(page)-40:])
		}
		for _, tag := range []string{"svg", "article", "table", "details", "section", "figure"} {
			opened, closed := len(regexp.MustCompile("<"+tag+`[\s>]`).FindAllString(page, -1)), strings.Count(page, "</"+tag+">")
			if opened != closed {
				t.Errorf("run %.20q: <%s> is opened %d times and closed %d times", run.ID, tag, opened, closed)
			}
		}
	}
}

// TestControlArmDoesNotAlarm proves that an intended miss is told as such, with its reason, in the
// page's calm class. Method: find the article of the made-up control arm.
func TestControlArmDoesNotAlarm(t *testing.T) {
	page := render(t, madeUpRun(t), "page")
	for _, want := range []string{
		`<article class="card drill control" id="made-up-no-leader-without-peers-json">`,
		"Missed, as claimed (Raft&#39;s own state still holds the old addresses, whatever the configuration says): not back within " +
			"41.9 s, target 30 s",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

// TestJUnitIsReadable proves that the XML is well-formed whatever products log, and that its counts
// agree with its test cases. Method: parse it and count again.
func TestJUnitIsReadable(t *testing.T) {
	for _, run := range []Run{madeUpRun(t), hostileRun(t), {}} {
		var suites junitSuites
		if err := xml.Unmarshal([]byte(render(t, run, "junit")), &suites); err != nil {
			t.Fatal(err)
		}
		var failures, errors, skipped, tests int
		for _, suite := range suites.Suites {
			for _, test := range suite.Cases {
				tests++
				failures += present(test.Failure)
				errors += present(test.Error)
				skipped += present(test.Skipped)
			}
		}
		got := [...]int{suites.Tests, suites.Failures, suites.Errors, suites.Skipped}
		if want := [...]int{tests, failures, errors, skipped}; got != want {
			t.Errorf("the counts are %v, the test cases are %v", got, want)
		}
		if bad := failures+errors > 0; run.ID != "" && bad == run.OK() {
			t.Errorf("OK() is %v, but JUnit has %d failures and %d errors", run.OK(), failures, errors)
		}
	}
}

func present(outcome *junitOutcome) int {
	if outcome == nil {
		return 0
	}
	return 1
}

// TestJUnitOutcomes proves what a CI viewer gets to see for each kind of drill. Method: render one
// drill at a time and look at its test case.
func TestJUnitOutcomes(t *testing.T) {
	unjudged := madeUpDrill(t, "leader-killed")
	for name, test := range map[string]struct {
		record                 harness.Record
		failed                 []Failure
		wantFailure, wantError bool
	}{
		"met":                 {record: madeUpDrill(t, "recovered-by-peers-json")},
		"missed, as claimed":  {record: madeUpDrill(t, "no-leader-without-peers-json")},
		"missed, not claimed": {record: madeUpDrill(t, "writes-lost"), wantFailure: true},
		"inconclusive":        {record: madeUpDrill(t, "starved"), wantError: true},
		"met, spec failed": {
			record: madeUpDrill(t, "leader-killed"),
			failed: []Failure{{Scenario: unjudged.Scenario, Title: unjudged.Title, Message: "no"}}, wantFailure: true,
		},
		"met by another record": {
			record: madeUpDrill(t, "leader-killed"),
			failed: []Failure{{Scenario: unjudged.Scenario, Title: unjudged.Title, Record: "other", Message: "no"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.record.Judgement = judge.Judge(test.record)
			run := Run{ID: "one", Records: []harness.Record{test.record}, Failures: test.failed}
			var suites junitSuites
			if err := xml.Unmarshal([]byte(render(t, run, "junit")), &suites); err != nil {
				t.Fatal(err)
			}
			got := suites.Suites[0].Cases[0]
			if (got.Failure != nil) != test.wantFailure || (got.Error != nil) != test.wantError {
				t.Errorf("failure %+v, error %+v, want %v and %v", got.Failure, got.Error, test.wantFailure, test.wantError)
			}
		})
	}
	if outcomeOf(unjudged) != inconclusive || verdictWords(unjudged) != "inconclusive" {
		t.Errorf("a drill that nobody judged is %q, want it inconclusive", verdictWords(unjudged))
	}
	claimed := madeUpDrill(t, "starved")
	claimed.Judgement = harness.Judgement{Verdict: harness.Inconclusive, AsClaimed: true}
	if outcomeOf(claimed) != inconclusive || verdictWords(claimed) != "inconclusive, as claimed" {
		t.Errorf("a drill that breaks nothing, as its spec claims, is %q", verdictWords(claimed))
	}
}

// TestNothingIsNotGreen proves that a run without drills, and an inconclusive drill whatever its
// spec claims, are never good. Method: ask OK() for such runs, and once for a good one.
func TestNothingIsNotGreen(t *testing.T) {
	good := madeUp(t)[:2]
	doubtful := madeUpDrill(t, "starved")
	doubtful.Claim.Verdict = harness.Inconclusive
	doubtful.Judgement = judge.Judge(doubtful)
	if !doubtful.Judgement.AsClaimed {
		t.Fatalf("the drill should be inconclusive as it claims: %+v", doubtful.Judgement)
	}
	for name, test := range map[string]struct {
		run  Run
		want bool
	}{
		"as claimed":   {Run{Records: good}, true},
		"empty":        {Run{}, false},
		"skips only":   {Run{Skipped: []Skip{{}}}, false},
		"failed spec":  {Run{Records: good, Failures: []Failure{{Title: "another"}}}, false},
		"inconclusive": {Run{Records: append(good[:2:2], doubtful)}, false},
	} {
		if got := test.run.OK(); got != test.want {
			t.Errorf("%s: OK() is %v, want %v", name, got, test.want)
		}
	}
}

// TestOpenMetricsIsWellFormed proves that every line is one that a scraper reads, that families do
// not repeat, that no series does, and that the text is ended. Method: match lines against the
// format's grammar, for usual, hostile and repeated drills.
func TestOpenMetricsIsWellFormed(t *testing.T) {
	again := madeUp(t)[0]
	again.ID += "-pass-2"
	run := madeUpRun(t)
	run.Records = append(run.Records, again, hostileRun(t).Records[0])
	text := render(t, run, "metrics")
	if !strings.HasSuffix(text, "\n# EOF\n") || strings.Count(text, "# EOF") != 1 {
		t.Errorf("the text is not ended by one # EOF")
	}
	sample := regexp.MustCompile(`^(reprise_[a-z_]+)\{([a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)+\} (\S+)$`)
	seen, family := map[string]bool{}, ""
	for line := range strings.Lines(strings.TrimSuffix(text, "# EOF\n")) {
		line = strings.TrimSuffix(line, "\n")
		if name, found := strings.CutPrefix(line, "# TYPE "); found {
			family, _, _ = strings.Cut(name, " ")
			if seen[family] {
				t.Errorf("the family %s comes twice", family)
			}
			seen[family] = true
			continue
		}
		if strings.HasPrefix(line, "# ") {
			continue
		}
		parts := sample.FindStringSubmatch(line)
		if parts == nil || parts[1] != family {
			t.Fatalf("not a sample of %s: %s", family, line)
		}
		if _, err := strconv.ParseFloat(parts[3], 64); err != nil {
			t.Errorf("not a number: %s", line)
		}
		series := strings.TrimSuffix(line, " "+parts[3])
		if seen[series] {
			t.Errorf("the series comes twice: %s", series)
		}
		seen[series] = true
	}
}

// TestTableFits proves that the table keeps within 100 columns and, without colour, prints no escape
// sequence. Method: measure every line for usual and hostile drills, and for none.
func TestTableFits(t *testing.T) {
	records := append(madeUp(t), hostileRun(t).Records...)
	for _, records := range [][]harness.Record{records, nil} {
		text := render(t, Run{Records: records}, "table")
		if strings.Contains(text, "\x1b") {
			t.Error("the plain table contains an escape sequence")
		}
		for line := range strings.Lines(text) {
			if width := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); width > tableWidth {
				t.Errorf("%d columns: %s", width, line)
			}
		}
	}
}

// TestTableColors proves that colour is an addition: the coloured table is the plain one once the
// sequences are removed, and each outcome has its own. Method: strip and compare.
func TestTableColors(t *testing.T) {
	colored := render(t, madeUpRun(t), "table in colour")
	if got, want := printable(colored), render(t, madeUpRun(t), "table"); got != want {
		t.Errorf("without its colours the table is\n%s\nwant\n%s", got, want)
	}
	for _, want := range []string{
		"\x1b[32m✓ met", "\x1b[32m✓ missed, as claimed", "\x1b[31m✗ missed, not as claimed",
		"\x1b[35m? inconclusive",
	} {
		if !strings.Contains(colored, want) {
			t.Errorf("the table lacks %q", want)
		}
	}
}

// TestSummaryCannotBeBroken proves that hostile texts stay within their cells. Method: every line of
// the table has as many bars that are not escaped as its head, and no tag comes through.
func TestSummaryCannotBeBroken(t *testing.T) {
	text := render(t, hostileRun(t), "summary")
	bars := regexp.MustCompile(`(^|[^\\])\|`)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| ") && strings.Contains(line, "❌") && len(bars.FindAllString(line, -1)) != 8 {
			t.Errorf("the row has another number of cells: %s", line)
		}
	}
	withoutCode := regexp.MustCompile("``.*``").ReplaceAllString(text, "")
	if strings.Contains(withoutCode, "<script>") {
		t.Errorf("a tag came through:\n%s", text)
	}
}

// TestRelapseIsTold proves that a steady state that broke again after a met recovery is mentioned
// everywhere a reader looks. Method: add a failed interval after the watch, and judge.
func TestRelapseIsTold(t *testing.T) {
	record := madeUpDrill(t, "leader-killed")
	last := &record.SLIs[0].Intervals[2]
	last.To = record.WatchedUntil
	record.SLIs[0].Intervals = append(record.SLIs[0].Intervals, harness.Interval{
		From: record.WatchedUntil + 200*time.Millisecond, To: record.WatchedUntil + time.Second, Samples: 2, Error: "gone again",
	})
	record.Judgement = judge.Judge(record)
	if record.Judgement.Verdict != harness.Met {
		t.Fatalf("the drill should be met: %+v", record.Judgement)
	}
	for _, name := range []string{"table", "summary", "page"} {
		if text := render(t, Run{Records: []harness.Record{record}}, name); !strings.Contains(oneLine(text), "gone again") {
			t.Errorf("the %s does not tell of the relapse:\n%s", name, text)
		}
	}
}

// Goal: a suite that left no report and the specs that never ran are told in every format, in a run with drills and in one
// without. Method: look for the sentences, the suite's output and the kinds in all of them.
func TestWhatNeverRanIsTold(t *testing.T) {
	lost := []Failure{
		{
			Scenario: "bbb", Title: "the suite", Kind: SuiteFailed, Message: "it ended with exit status 1 before it wrote a report",
			Output: "make image bbb\nno <such> host",
		},
		{Scenario: "bbb", Title: "rains", Kind: NeverRan, Message: "never ran: its suite ended"},
	}
	for name, records := range map[string][]harness.Record{"with drills": {madeUpDrill(t, "leader-killed")}, "without": nil} {
		run := Run{ID: "one", Records: records, Failures: lost}
		if run.OK() {
			t.Errorf("%s: the run is good", name)
		}
		for _, format := range []string{"table", "summary", "page", "junit"} {
			text := render(t, run, format)
			for _, want := range []string{
				"it ended with exit status 1 before it wrote a report", "make image bbb", " host",
				"never ran: its suite ended", "rains", "bbb",
			} {
				if !strings.Contains(text, want) {
					t.Errorf("%s: the %s lacks %q:\n%s", name, format, want, text)
				}
			}
		}
		if text := render(t, run, "junit"); !strings.Contains(text, `type="never ran"`) ||
			!strings.Contains(text, `type="suite failed"`) {
			t.Errorf("%s: JUnit lacks the kinds:\n%s", name, text)
		}
		if text := viewOfRun(run).Headline; !strings.Contains(text, "1 failed suite, 1 spec never ran") {
			t.Errorf("%s: the headline is %q", name, text)
		}
	}
}

// Goal: a row has a failure in one sentence, and the whole text is where somebody looks closer. Method: a failure of a drill, in
// all formats.
func TestDetailsAreForWhoLooksCloser(t *testing.T) {
	record := madeUpDrill(t, "leader-killed")
	run := Run{Records: []harness.Record{record}, Failures: []Failure{{
		Record: record.ID, Scenario: record.Scenario, Title: record.Title, Message: "it never broke\nrain_test.go:7",
		Details: "Expected success, but got an error: {msg: it never broke}",
	}}}
	for format, whole := range map[string]bool{"table": false, "summary": false, "page": true, "junit": true} {
		text := render(t, run, format)
		if !strings.Contains(text, "it never broke") || strings.Contains(text, "Expected success") != whole {
			t.Errorf("the %s is\n%s", format, text)
		}
	}
}

// Goal: that a spec failed is no contradiction where its drill did not go as claimed. Method: the page of one that did, and of
// one that did not.
func TestSpecFailedReadsRight(t *testing.T) {
	for claim, want := range map[harness.Verdict][2]string{
		harness.Met:    {"met, but the spec failed<", " <strong>But the spec failed.</strong>"},
		harness.Missed: {"met, not as claimed, and the spec failed<", " <strong>And the spec failed.</strong>"},
	} {
		record := madeUpDrill(t, "leader-killed")
		record.Claim.Verdict = claim
		record.Judgement = judge.Judge(record)
		page := render(t, Run{Records: []harness.Record{record}, Failures: []Failure{{Record: record.ID, Message: "no"}}}, "page")
		if !strings.Contains(page, want[0]) || !strings.Contains(page, want[1]) {
			t.Errorf("claimed %s: the page lacks %q", claim, want)
		}
	}
}

// Goal: what never ran in one pass is not told of the same spec's record of another. Method: both in one run.
func TestNeverRanHasNoRecord(t *testing.T) {
	record := madeUpDrill(t, "leader-killed")
	run := Run{Records: []harness.Record{record}, Failures: []Failure{{
		Scenario: record.Scenario, Title: record.Title,
		Kind: NeverRan, Message: "never ran",
	}}}
	if failures := run.failuresOf(record); len(failures) > 0 {
		t.Errorf("the record is blamed: %v", failures)
	}
}
