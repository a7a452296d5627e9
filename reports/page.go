package reports

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

//go:embed page.html page_distributions.html page_registers.html page_milestones.html page_drift.html page.css
var pageFiles embed.FS

var pageTemplate = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"duration": unbroken,
	"offset":   func(at time.Duration) string { return glue(offset(at)) },
	"plural":   plural,
	"addresses": func(addresses harness.Addresses) string {
		return addressList(addresses.IPv6, addresses.IPv4)
	},
	"clean":   printable,
	"style":   func() template.CSS { return template.CSS(mustRead("page.css")) },
	"instant": func(at time.Time) string { return at.Format("2006-01-02 15:04:05 MST") },
}).ParseFS(pageFiles, "page.html", "page_distributions.html", "page_registers.html", "page_milestones.html", "page_drift.html"))

func mustRead(name string) string {
	data, err := pageFiles.ReadFile(name)
	if err != nil {
		panic(err) // the file is compiled in
	}
	return string(data)
}

// Page writes the run as one HTML page that needs nothing else: no network, no script, no file.
func Page(w io.Writer, run Run) error {
	var text strings.Builder
	if err := pageTemplate.Execute(&text, pageOf(run)); err != nil {
		return err
	}
	_, err := io.WriteString(w, withoutControls(text.String()))
	return err
}

// pageData is what the page's template sees.
type pageData struct {
	Run      Run
	Headline string
	Class    string // of the whole run: "good", "bad" or "doubt"
	Drills   []drillView
	// Distributions are those of the repeated drills.
	Distributions []distributionView
	Others        []Failure
	NeverRan      []Failure
}

func pageOf(run Run) pageData {
	data := pageData{Run: run, Headline: headline(run), Class: "good", Others: run.otherFailures(), NeverRan: run.neverRan()}
	if counts := tallyOf(run.Records); counts.notAsClaimed > 0 || len(run.Failures) > 0 {
		data.Class = "bad"
	} else if counts.inconclusive > 0 || counts.drills == 0 {
		data.Class = "doubt"
	}
	for _, record := range run.Records {
		data.Drills = append(data.Drills, viewOf(record, run.failuresOf(record)))
	}
	for _, d := range Distributions(run.Records) {
		class := [...]string{asClaimed: "good", notAsClaimed: "bad", inconclusive: "doubt"}[d.outcome()]
		if class == "good" && d.Verdict == harness.Missed {
			class = "control"
		}
		data.Distributions = append(data.Distributions, distributionView{
			d, class, d.outcome().mark(), glueError(d.Sentence()),
			drawStrip(d),
		})
	}
	return data
}

// A distributionView is one group of repeated drills as the template sees it.
type distributionView struct {
	Distribution
	Class string // as a drill's
	Mark  string
	Words string // the sentence
	Strip *strip
}

// A faultView is one of a drill's faults as the template sees it.
type faultView struct {
	harness.RecordFault
	Heading  string
	Since    string // after t0; "" for the first fault
	Reverted string
}

// A drillView is one drill as the template sees it.
type drillView struct {
	harness.Record
	Class      string // "good", "control", "bad" or "doubt"
	Mark       string
	Words      string
	Sentence   string
	Why        []string
	Failures   []Failure
	Recovery   string
	Target     string
	Loss       string
	LossGoal   string
	By         string
	Writes     string // how many of the acknowledged ones are lost
	Faults     []faultView
	Milestones []milestoneView
	Symptoms   []symptomView
	Spared     []spared
	Gaps       []string
	Detected   bool
	UsedShare  string // of the target, as a width; "" when it says nothing
	Over       bool   // the recovery took longer than its target
	Timeline   *timeline
	Products   []string
	Engines    []string
}

func viewOf(record harness.Record, failures []Failure) drillView {
	view := drillView{
		Record: record, Class: classOf(record), Mark: outcomeOf(record).mark(), Words: verdictWords(record),
		Sentence: glueError(sentence(record)),
		Why:      furtherReasons(record), Failures: failures,
		Recovery: glue(recoveryTime(record)), Target: glue(recoveryTarget(record)), Loss: glue(dataLoss(record)),
		LossGoal: glue(dataTarget(record)),
		By:       recoveredBy(record), Writes: lostWrites(record), Spared: sparedSLIs(record), Gaps: gapSentences(record),
		Detected: wasDetected(record), Timeline: drawTimeline(record),
		Products: pairs(record.Versions), Engines: pairs(record.Engine),
	}
	view.Faults, view.Milestones, view.Symptoms = view.faults(), milestonesOf(record), symptomsOf(record)
	if len(failures) > 0 {
		view.Class, view.Mark, view.Words = "bad", notAsClaimed.mark(), view.Words+", but the spec failed"
	}
	if target := record.Objective.RTO; record.Fault != nil && target > 0 && recoveryTime(record) != "-" {
		view.UsedShare = percent(min(100, 75*float64(record.Judgement.RTA)/float64(target)))
		view.Over = record.Judgement.RTA > target || !record.Judgement.Recovered
	}
	return view
}

func classOf(record harness.Record) string {
	switch outcomeOf(record) {
	case inconclusive:
		return "doubt"
	case notAsClaimed:
		return "bad"
	}
	if isControl(record) {
		return "control"
	}
	return "good"
}

// faults are the first one and those that struck during the recovery.
func (v drillView) faults() []faultView {
	if v.Fault == nil {
		return nil
	}
	views := []faultView{{RecordFault: *v.Fault, Heading: "Fault", Reverted: v.Offset(v.Fault.RevertedAt)}}
	for i, fault := range v.FurtherFaults {
		number := ordinal(i + 2)
		views = append(views, faultView{
			RecordFault: fault, Heading: strings.ToUpper(number[:1]) + number[1:] + " fault",
			Since: unbroken(fault.At - v.Fault.At), Reverted: v.Offset(fault.RevertedAt),
		})
	}
	return views
}

// Part says what an SLI is besides the steady state.
func (v drillView) Part(sli string) string { return part(v.Record, sli) }

// Down is an outage's length with its error bound.
func (drillView) Down(outage harness.Outage) string { return glue(downTime(outage)) }

// KnownAt is when an outage was known, where that is not when it was lost.
func (v drillView) KnownAt(outage harness.Outage) string {
	if !knownLate(v.Record, outage) {
		return ""
	}
	return glue(offset(outage.Known))
}

// OldestLost says how old a ledger's oldest lost write was.
func (v drillView) OldestLost(ledger harness.RecordLedger) string {
	return glue(oldestLostOf(v.Record, ledger))
}

// History draws a register that is not known to be linearizable.
func (drillView) History(register harness.RecordRegister) *history { return drawHistory(register) }

// Offset is a place on the drill's clock, relative to t0.
func (v drillView) Offset(at time.Duration) string {
	if v.Fault != nil {
		at -= v.Fault.At
	}
	return glue(offset(at))
}

// Resolution is the error bound of the recovery time.
func (v drillView) Resolution() string { return glue("± " + FormatDuration(v.Judgement.Resolution)) }

// Tags are the labels that the scenario's name does not repeat.
func (v drillView) Tags() []string {
	return slices.DeleteFunc(slices.Clone(v.Labels), func(label string) bool { return label == v.Scenario })
}

// Number counts steps from one.
func (drillView) Number(index int) int { return index + 1 }

// Took is how long a step really took.
func (drillView) Took(step harness.RecordStep) string { return unbroken(step.To - step.From) }

// Tried is how long a rehearsal took.
func (drillView) Tried(rehearsal harness.RecordRehearsal) string {
	return unbroken(rehearsal.To - rehearsal.From)
}

// Works is the mark of a rehearsal's outcome.
func (drillView) Works(rehearsal harness.RecordRehearsal) string { return rehearsalMark(rehearsal) }

// Period is how often an SLI of that name was asked.
func (v drillView) Period(sli string) string {
	for _, one := range v.SLIs {
		if one.Name == sli {
			return unbroken(one.Period)
		}
	}
	return "-"
}

// Moved tells whether a node has other addresses than in peace.
func (drillView) Moved(node harness.RecordNode) bool { return node.Before != node.After }

func addressList(addresses ...netip.Addr) string {
	var texts []string
	for _, address := range addresses {
		if address.IsValid() {
			texts = append(texts, address.String())
		}
	}
	return strings.Join(texts, " ")
}

func pairs(values map[string]string) []string {
	var texts []string
	for name, value := range values {
		texts = append(texts, fmt.Sprintf("%s %s", name, value))
	}
	slices.Sort(texts)
	return texts
}
