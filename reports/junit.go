package reports

import (
	"cmp"
	"encoding/xml"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr,omitempty"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
	length     time.Duration
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class      string           `xml:"classname,attr"`
	Name       string           `xml:"name,attr"`
	Time       string           `xml:"time,attr"`
	Properties *junitProperties `xml:"properties"`
	Skipped    *junitOutcome    `xml:"skipped"`
	Error      *junitOutcome    `xml:"error"`
	Failure    *junitOutcome    `xml:"failure"`
	Output     *junitText       `xml:"system-out"`
}

type junitProperties struct {
	Properties []junitProperty `xml:"property"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",cdata"`
}

type junitText struct {
	Text string `xml:",cdata"`
}

// JUnit writes the run as JUnit XML, one test suite per scenario. A drill whose verdict is as
// claimed passes, also when the claim is a miss; one that is not fails; an inconclusive one is an
// error, which viewers show apart. A failed spec fails whatever its drill's verdict; so do a suite that
// failed and a spec that never ran, each as a test case of its own. The figures are
// properties of the test case, in seconds.
func JUnit(w io.Writer, run Run) error { return writeJUnit(w, viewOfRun(run)) }

func writeJUnit(w io.Writer, run runView) error {
	builder := junitBuilder{run: run.Run, suites: map[string]*junitSuite{}}
	for _, v := range run.Drills {
		builder.add(v.Scenario, drillCase(v), v.Started, v.Duration)
	}
	for _, failure := range slices.Concat(run.Others, run.NeverRan) {
		builder.add(failure.Scenario, junitCase{Name: failure.Title, Failure: specFailure([]Failure{failure})}, time.Time{}, 0)
	}
	for _, skip := range run.Skipped {
		builder.add(skip.Scenario, junitCase{Name: skip.Title, Skipped: &junitOutcome{Message: skip.Reason}}, time.Time{}, 0)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(builder.all()); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// A junitBuilder sorts test cases into one suite per scenario, in the order in which they come.
type junitBuilder struct {
	run    Run
	order  []string
	suites map[string]*junitSuite
}

func (b *junitBuilder) add(scenario string, test junitCase, started time.Time, length time.Duration) {
	suite := b.suites[scenario]
	if suite == nil {
		suite = &junitSuite{Name: scenario, Properties: []junitProperty{
			{"run", b.run.ID},
			{"command", b.run.Command},
			{"seed", strconv.FormatInt(b.run.Seed, 10)},
		}}
		b.suites[scenario] = suite
		b.order = append(b.order, scenario)
	}
	if suite.Timestamp == "" && !started.IsZero() {
		suite.Timestamp = started.UTC().Format("2006-01-02T15:04:05") // what JUnit's schema wants: no zone, no fraction
	}
	test.Class, test.Time = scenario, seconds(length)
	suite.Cases = append(suite.Cases, test)
	suite.length += length
	suite.Tests++
	switch {
	case test.Failure != nil:
		suite.Failures++
	case test.Error != nil:
		suite.Errors++
	case test.Skipped != nil:
		suite.Skipped++
	}
}

func (b *junitBuilder) all() junitSuites {
	whole := junitSuites{Name: "reprise", Time: seconds(b.run.Duration)}
	for _, scenario := range b.order {
		suite := *b.suites[scenario]
		suite.Time = seconds(suite.length)
		whole.Suites = append(whole.Suites, suite)
		whole.Tests += suite.Tests
		whole.Failures += suite.Failures
		whole.Errors += suite.Errors
		whole.Skipped += suite.Skipped
	}
	return whole
}

// drillCase is the test case of a drill. It has one outcome at most: viewers count no more.
func drillCase(v *view) junitCase {
	test := junitCase{Name: v.Title, Properties: &junitProperties{drillProperties(v)}, Output: &junitText{drillOutput(v)}}
	verdict := junitOutcome{Message: v.Sentence, Type: v.Verdict, Text: strings.Join(v.Why, "\n")}
	switch {
	case len(v.Failures) > 0:
		test.Failure = specFailure(v.Failures)
		test.Failure.Text += "\n" + v.Sentence
	case v.Outcome == inconclusive:
		test.Error = &verdict
	case v.Outcome == notAsClaimed:
		test.Failure = &verdict
	}
	return test
}

func specFailure(failures []Failure) *junitOutcome {
	var texts []string
	for _, failure := range failures {
		text := failure.Message
		for _, more := range []string{failure.Details, failure.Output} {
			text = strings.TrimSpace(text + "\n" + more)
		}
		texts = append(texts, text)
	}
	kind := cmp.Or(string(failures[0].Kind), "spec failed")
	return &junitOutcome{Message: firstLine(texts[0]), Type: kind, Text: printable(strings.Join(texts, "\n\n"))}
}

// drillProperties are the figures of the drill, under the names that OpenMetrics gives them.
func drillProperties(v *view) []junitProperty {
	properties := []junitProperty{
		{"record", v.ID},
		{"verdict", string(v.Judgement.Verdict)},
		{"claimed", string(v.Claim.Verdict)},
		{"recovered_by", string(v.Judgement.RecoveredBy)},
	}
	if v.OtherMiss != "" {
		properties = append(properties, junitProperty{"claimed_misses", harness.JoinMisses(v.Claim.Misses)},
			junitProperty{"found_misses", harness.JoinMisses(v.Judgement.Misses)})
	}
	for _, metric := range metrics {
		if value, known := metric.value(v); known {
			name := strings.TrimPrefix(metric.name, "reprise_")
			properties = append(properties, junitProperty{name, strconv.FormatFloat(value, 'f', -1, 64)})
		}
	}
	properties = append(properties, junitProperty{"seed", strconv.FormatInt(v.Seed, 10)})
	if v.Phase > 0 {
		properties = append(properties, junitProperty{"phase_seconds", strconv.FormatFloat(v.Phase.Seconds(), 'f', -1, 64)})
	}
	return append(properties, junitProperty{"repeat", v.Repeat})
}

// drillOutput is what a viewer shows below the test case.
func drillOutput(v *view) string {
	lines := []string{v.Sentence}
	for _, rehearsal := range v.Rehearsals {
		lines = append(lines, rehearsal.Sentence)
	}
	for _, outage := range v.Outages {
		lines = append(lines, outage.Sentence)
	}
	for _, one := range v.Spared {
		lines = append(lines, one.SLI+" (named as unaffected): "+one.Outcome)
	}
	for _, register := range v.Registers {
		lines = append(lines, register.Sentence)
	}
	lines = append(lines, v.Gaps...)
	for _, finding := range v.Findings {
		lines = append(lines, "found: "+finding)
	}
	return printable(strings.Join(lines, "\n"))
}

func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', 3, 64)
}
