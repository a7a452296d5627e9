package reports

import "github.com/reprise-dr/reprise/harness"

// A milestoneView is a milestone in words.
type milestoneView struct {
	sign
	Name, After, Declared, Target, HangsOn string
}

func milestonesOf(record harness.Record) []milestoneView {
	var views []milestoneView
	for _, reached := range record.Judgement.Milestones {
		view := milestoneView{
			sign: bad, Name: reached.Name, After: FormatDuration(reached.After), Declared: declaredTime(reached.Declared),
			Target: FormatDuration(reached.Within), HangsOn: reached.HangsOn,
		}
		if !reached.Reached {
			view.After = "not within " + view.After
		} else if reached.After <= reached.Within {
			view.sign = good
		}
		views = append(views, view)
	}
	return views
}

// A symptomView is what became of one thing.
type symptomView struct {
	harness.Symptom
	sign
}

func symptomsOf(record harness.Record) []symptomView {
	var views []symptomView
	for _, symptom := range record.Judgement.Symptoms {
		sign := good
		switch symptom.Kind {
		case harness.GoesRed:
			sign = bad
		case harness.WrongSilent:
			sign = notable
		}
		views = append(views, symptomView{symptom, sign})
	}
	return views
}
