package reports

import (
	"fmt"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// A milestoneView is a milestone in words.
type milestoneView struct {
	Name, Mark, After, Declared, Target, HangsOn string
	Met                                          bool
}

func milestonesOf(record harness.Record) []milestoneView {
	var views []milestoneView
	for _, reached := range record.Judgement.Milestones {
		view := milestoneView{
			Name: reached.Name, Mark: notAsClaimed.mark(), After: FormatDuration(reached.After), Declared: "-",
			Target: FormatDuration(reached.Within), Met: reached.Reached && reached.After <= reached.Within,
			HangsOn: reached.HangsOn,
		}
		if view.Met {
			view.Mark = asClaimed.mark()
		}
		if !reached.Reached {
			view.After = "not within " + view.After
		}
		if reached.Declared > 0 {
			view.Declared = FormatDuration(reached.Declared)
		}
		views = append(views, view)
	}
	return views
}

// A symptomView is what became of one thing, with a sign where there is no colour.
type symptomView struct {
	harness.Symptom
	Mark, Class string
}

func symptomsOf(record harness.Record) []symptomView {
	var views []symptomView
	for _, symptom := range record.Judgement.Symptoms {
		view := symptomView{Symptom: symptom, Mark: asClaimed.mark(), Class: "good"}
		switch symptom.Kind {
		case harness.GoesRed:
			view.Mark, view.Class = notAsClaimed.mark(), "bad"
		case harness.WrongSilent:
			view.Mark, view.Class = "!", "doubt"
		}
		views = append(views, view)
	}
	return views
}

// summaryMilestones are the milestones and the symptoms as Markdown.
func summaryMilestones(text *strings.Builder, record harness.Record) {
	if views := milestonesOf(record); len(views) > 0 {
		text.WriteString("| milestone | reached after | declared | target |\n|---|---|---|---|\n")
		for _, view := range views {
			name := view.Name
			if view.HangsOn != "" {
				name += " (" + view.HangsOn + ")"
			}
			fmt.Fprintf(text, "| %s %s | %s | %s | %s |\n", view.Mark, markdown(name), view.After, view.Declared, view.Target)
		}
		text.WriteString("\n")
	}
	if views := symptomsOf(record); len(views) > 0 {
		text.WriteString("| looked at | after the fault | what was wrong |\n|---|---|---|\n")
		for _, view := range views {
			fmt.Fprintf(text, "| %s | %s %s | %s |\n", markdown(view.Subject), view.Mark, view.Kind, markdown(view.Says))
		}
		text.WriteString("\n")
	}
}
