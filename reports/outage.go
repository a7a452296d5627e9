package reports

import (
	"fmt"
	"slices"

	"github.com/reprise-dr/reprise/harness"
)

// An outageView is an outage with what its SLI adds to it.
type outageView struct {
	harness.Outage
	Name      string // the SLI's, with its part in the drill
	Part      string
	DownFor   string
	AskedEach string
	// KnownLate says that the first failure was asked for a period or more before it was known, as where a question is held
	// until its time limit.
	KnownLate bool
	Sentence  string
}

func outagesOf(record harness.Record) []outageView {
	var views []outageView
	for _, outage := range record.Judgement.Outages {
		view := outageView{Outage: outage, Name: outage.SLI, DownFor: downTime(outage), AskedEach: "-"}
		if i := slices.IndexFunc(record.SLIs, func(sli harness.RecordSLI) bool { return sli.Name == outage.SLI }); i >= 0 {
			sli := record.SLIs[i]
			view.Name, view.Part, view.AskedEach = nameWithPart(sli), part(sli), FormatDuration(sli.Period)
			view.KnownLate = outage.Known >= outage.Lost+sli.Period
		}
		view.Sentence = view.sentence()
		views = append(views, view)
	}
	return views
}

func (o outageView) sentence() string {
	text := fmt.Sprintf("%s: lost at %s, ", o.Name, FormatDuration(o.Lost))
	if o.KnownLate {
		text += fmt.Sprintf("known at %s, ", FormatDuration(o.Known))
	}
	if o.Returned {
		text += fmt.Sprintf("back at %s, down for %s", FormatDuration(o.Back), o.DownFor)
	} else {
		text += fmt.Sprintf("down for %s, never back", FormatDuration(o.Down))
	}
	if o.Inconclusive != "" {
		text += ": inconclusive, " + o.Inconclusive
	}
	return text
}

// downTime is an outage's length with its error bound, which old records do not have; a lower bound
// when the SLI never came back.
func downTime(outage harness.Outage) string {
	text := FormatDuration(outage.Down)
	if !outage.Returned {
		return "> " + text
	}
	if outage.Resolution > 0 {
		text += " ± " + FormatDuration(outage.Resolution)
	}
	return text
}

// part says what an SLI is in the drill, where it is no part of the steady state.
func part(sli harness.RecordSLI) string {
	switch {
	case sli.Steady:
		return ""
	case sli.Unaffected:
		return "unaffected"
	}
	return "watched only"
}

func nameWithPart(sli harness.RecordSLI) string {
	if sli.Steady {
		return sli.Name
	}
	return sli.Name + " (" + part(sli) + ")"
}

// A spared SLI is one that the drill names as unaffected, and what came of it.
type spared struct {
	sign
	SLI, Outcome string
}

// sparedSLIs lists the SLIs that the fault was not to touch: the confirmed blast radius. Whether
// they stayed green is for the judge to say.
func sparedSLIs(record harness.Record) []spared {
	var all []spared
	for _, sli := range record.SLIs {
		if !sli.Unaffected {
			continue
		}
		one := spared{doubtful, sli.Name, "not established"}
		if slices.Contains(record.Judgement.Spared, sli.Name) {
			one.sign, one.Outcome = good, "stayed green"
		} else if outage, found := outageOf(record.Judgement, sli.Name); found {
			one.sign, one.Outcome = bad, "did not stay green: down for "+downTime(outage)+", "+offset(outage.Lost)
		}
		all = append(all, one)
	}
	return all
}

func outageOf(judgement harness.Judgement, sli string) (harness.Outage, bool) {
	for _, outage := range judgement.Outages {
		if outage.SLI == sli {
			return outage, true
		}
	}
	return harness.Outage{}, false
}

// wasDetected tells whether it was known in time that an SLI of the steady state broke.
func wasDetected(record harness.Record) bool {
	limit := record.Objective.DetectWithin
	return slices.ContainsFunc(record.Judgement.Outages, func(outage harness.Outage) bool {
		return outage.Steady && (limit == 0 || max(outage.Lost, outage.Known) <= limit)
	})
}

// gapSentences say of each SLI how often and how long the observer did not look.
func gapSentences(record harness.Record) []string {
	var sentences []string
	for _, sli := range record.SLIs {
		if sli.Skipped == 0 && sli.LongestGap == 0 {
			continue
		}
		text := fmt.Sprintf("%s: the observer left out %s", sli.Name, plural(sli.Skipped, "question"))
		if sli.LongestGap > 0 {
			text += ", longest gap " + FormatDuration(sli.LongestGap)
		}
		sentences = append(sentences, printable(fmt.Sprintf("%s (one each %s)", text, FormatDuration(sli.Period))))
	}
	return sentences
}
