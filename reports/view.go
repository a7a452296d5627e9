package reports

import (
	"fmt"
	"slices"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A runView is what the reports say of a run. It is computed once; a format only reads it, and chooses and places what it
// shows.
type runView struct {
	Run
	sign
	Headline         string
	Tally            tally
	Drills           []*view
	Distributions    []distributionView
	Others, NeverRan []Failure // failures without a record
}

// A distributionView is one group of repeated drills.
type distributionView struct {
	Distribution
	sign
	Strip *strip
}

func viewOfRun(run Run) runView {
	run.Failures = limitedFailures(run.Failures)
	v := runView{Run: run, sign: good, Drills: viewsOf(run), Others: run.otherFailures(), NeverRan: run.neverRan()}
	v.Tally = tallyOf(v.Drills)
	v.Headline = headline(v.Tally, run)
	if v.Tally.notAsClaimed > 0 || len(run.Failures) > 0 {
		v.sign = bad
	} else if v.Tally.inconclusive > 0 || v.Tally.drills == 0 {
		v.sign = doubtful
	}
	for _, d := range distributionsOf(v.Drills) {
		v.Distributions = append(v.Distributions, distributionView{d, signOf(d.outcome(), d.Verdict == harness.Missed), drawStrip(d)})
	}
	return v
}

func viewsOf(run Run) []*view {
	var views []*view
	for _, record := range run.Records {
		views = append(views, viewOf(limited(record), run.failuresOf(record)))
	}
	return views
}

// A view is what the reports say of one drill. Offsets count from t0.
type view struct {
	harness.Record
	sign               // of the drill and its spec
	Failures []Failure // of the spec

	Outcome      outcome
	Verdict      string   // in words
	Sentence     string   // how the drill ended
	OtherMiss    string   // which miss was claimed and which was found, where they differ
	Explanations []string // what a person needs to know of a drill that is not plainly met
	Why          []string // those explanations that the sentence does not contain
	Tags         []string // the labels that the scenario's name does not repeat

	Detected  bool   // it was known in time that the steady state broke: else a time to detect means nothing
	Measured  bool   // the steady state broke, so that there was something to recover from
	RTA       Bound  // means nothing unless Measured
	Bounds    string // the error bound of the recovery time
	Recovery  string // the recovery time; a lower bound when the service never came back
	Figure    string // the same with its error bound; a lower bound has none
	Target    string // the RTO
	UsedShare string // of the RTO, as a width; "" when it says nothing
	Over      bool   // the recovery took longer than its target
	By        string // what brought the service back

	Loss, LossGoal string // the RPA, with the number of lost writes when there are any, and the RPO
	LostWrites     string
	Writes         harness.RecordLedger // the ledgers added up

	Faults     []faultView // the first one and those that struck during the recovery
	Rehearsals []rehearsalView
	Outages    []outageView
	Spared     []spared
	Milestones []milestoneView
	Symptoms   []symptomView
	Ledgers    []ledgerView
	Registers  []registerView
	Gaps       []string // how often and how long the observer did not look

	DriftSentences         []driftSentence
	Explained, Unexplained []driftRow
	DriftNotes             []string // the drift and the mentions in lines, for where there is no table

	Timeline *timeline

	t0      time.Duration // the fault, or the drill's start when there was none
	reasons []string
}

// viewOf goes from the figures to the sentences that are made of them.
func viewOf(record harness.Record, failures []Failure) *view {
	v := &view{
		Record: record, Failures: failures, Outcome: outcomeOf(record), Verdict: verdictWords(record), OtherMiss: otherMiss(record),
		reasons: reasons(record), Detected: wasDetected(record), Writes: writesOf(record), Gaps: gapSentences(record),
		Rehearsals: rehearsalsOf(record), Outages: outagesOf(record), Spared: sparedSLIs(record),
		Milestones: milestonesOf(record), Symptoms: symptomsOf(record), Ledgers: ledgersOf(record), Registers: registersOf(record),
	}
	if v.sign = signOf(v.Outcome, isControl(record)); len(failures) > 0 {
		v.sign = bad
	}
	if record.Fault != nil {
		v.t0 = record.Fault.At
	}
	v.Tags = slices.DeleteFunc(slices.Clone(record.Labels), func(label string) bool { return label == record.Scenario })
	v.Faults = faultsOf(record, v.t0)
	v.addRecovery()
	v.addLoss()
	v.addDrift()
	v.addReasons()
	v.Sentence = v.sentence()
	v.Timeline = drawTimeline(v)
	return v
}

// SpecFailed continues the verdict of a spec that failed, which is no wonder where the drill did not go as claimed; "" otherwise.
func (v *view) SpecFailed() string {
	switch {
	case len(v.Failures) == 0:
		return ""
	case v.Outcome == asClaimed:
		return "but the spec failed"
	}
	return "and the spec failed"
}

// addRecovery says how long the recovery took and what it was to take.
func (v *view) addRecovery() {
	judgement, target := v.Judgement, v.Objective.RTO
	v.Measured = v.Fault != nil && (judgement.Recovered || v.Detected)
	v.Recovery, v.Figure, v.Bounds, v.Target, v.By = "-", "-", "± "+FormatDuration(judgement.Resolution), FormatDuration(target), "-"
	if v.Objective.Unnoticed {
		v.Target = unnoticedTarget
	}
	if judgement.RecoveredBy != "" {
		v.By = string(judgement.RecoveredBy)
	}
	if !v.Measured {
		return
	}
	v.RTA = Bound{Value: judgement.RTA, Beyond: !judgement.Recovered}
	v.Recovery = v.RTA.String()
	if v.Figure = v.Recovery; judgement.Recovered {
		v.Figure += " " + v.Bounds
	}
	if target > 0 {
		v.UsedShare = percent(min(100, 75*float64(judgement.RTA)/float64(target)))
		v.Over = judgement.RTA > target || !judgement.Recovered
	}
}

// addLoss says what was lost of the data and what was to be lost at most.
func (v *view) addLoss() {
	judgement := v.Judgement
	v.Loss, v.LossGoal, v.LostWrites = FormatDuration(judgement.RPA), FormatDuration(v.Objective.RPO), "not judged"
	if judgement.DataJudged {
		v.LostWrites = fmt.Sprintf("%d of %s", judgement.Lost, plural(v.Writes.Acknowledged, "write"))
	}
	if judgement.Lost > 0 {
		v.Loss += fmt.Sprintf(" (%d lost)", judgement.Lost)
	}
	if v.Objective.NoData {
		v.LossGoal = "-"
	}
	if v.Objective.NoData || !judgement.DataJudged {
		v.Loss = "-"
	}
}

// Offset is a place on the drill's clock, relative to t0.
func (v *view) Offset(at time.Duration) string { return offset(at - v.t0) }
