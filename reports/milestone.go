package reports

import "github.com/reprise-dr/reprise/harness"

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
