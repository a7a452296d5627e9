package verdicts

import (
	"fmt"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: each drill is counted once, by what its record says became of it, and what is no drill of a
// known outcome is not counted.
// Method: one record of every kind, and two that do not belong.
func TestCountVerdicts(t *testing.T) {
	stranger := aDrill("sound", "a", Wrong)
	stranger.Scenario = "flood"
	counted := CountOf([]harness.Record{
		aDrill("sound", "b", Right), aDrill("broken", "a", Right),
		aDrill("broken", "a", Wrong+": the verdict is met"),
		aDrill("broken", "c", Starved+", the machine was busy"), aDrill("broken", "c", "nothing of the kind"),
		aDrill("neither", "a", Wrong), stranger,
	})
	want := Count{
		{name: "b", drills: 1, right: 1},
		{name: "a", broken: true, drills: 2, right: 1, wrong: 1},
		{name: "c", broken: true, drills: 2, inconclusive: 1, unknown: 1},
	}
	if fmt.Sprint(counted) != fmt.Sprint(want) {
		t.Errorf("counted %+v, want %+v", counted, want)
	}
	const sentence = "5 drills with a known outcome, 4 broken on purpose in 2 ways: 1 judged wrong, 1 inconclusive for the " +
		"machine's sake, 1 ended before they could be judged"
	if counted.Sentence() != sentence {
		t.Errorf("it says %q", counted.Sentence())
	}
}

// Goal: a false verdict fails the run, and so does a drill that left nothing; a busy machine does not.
// Method: runs of each kind, whole ones and chosen ones.
func TestVerdictCountFails(t *testing.T) {
	cases := map[string]struct {
		findings []string
		whole    bool
		lost     int // chosen drills that left no record
		want     string
	}{
		"all right":     {[]string{Right}, false, 0, ""},
		"one wrong":     {[]string{Right, Wrong}, false, 0, "1 of 2 verdicts are wrong"},
		"one broke off": {[]string{Right, "nothing"}, false, 0, "1 ended before"},
		"one busy":      {[]string{Right, Starved}, false, 0, ""},
		"too few":       {[]string{Right}, true, 0, "a whole run has 50"},
		"one lost":      {[]string{Right}, false, 1, "1 left a record: 2 were chosen"},
		"none chosen":   {nil, false, 0, "none was chosen"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var records []harness.Record
			for _, finding := range c.findings {
				records = append(records, aDrill("sound", "a", finding))
			}
			err := CountOf(records).Verdict(c.whole, len(c.findings)+c.lost)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// aDrill is the record of a drill whose outcome is known.
func aDrill(kind, family, finding string) harness.Record {
	return harness.Record{
		Scenario: Scenario, Labels: []string{Scenario, kind, family}, Findings: []string{"it rains", finding},
	}
}
