package calibration

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// Goal: percentiles are by the nearest rank of the absolute errors, and the median keeps its sign.
// Method: 100 errors from -100 to -1 ms, in any order, and none.
func TestDistribution(t *testing.T) {
	var errors []time.Duration
	for i := range 100 {
		errors = append(errors, -time.Duration((i*37)%100+1)*ms)
	}
	want := Distribution{Count: 100, Median: -51 * ms, P50: 50 * ms, P90: 90 * ms, P99: 99 * ms, Max: 100 * ms}
	if got := distribution(errors); got != want {
		t.Errorf("got %+v", got)
	}
	if got := distribution(nil); got != (Distribution{}) {
		t.Errorf("of nothing: %+v", got)
	}
	if got := distribution([]time.Duration{3 * ms}); got != (Distribution{1, 3 * ms, 3 * ms, 3 * ms, 3 * ms, 3 * ms}) {
		t.Errorf("of one: %+v", got)
	}
}

// Goal: a missed outage is counted by its length, and is excused only when the record says of that
// service that nobody looked for as long. Method: one of each class, on two services of which one was unseen for 100 ms.
func TestFiguresClassifyTheMissed(t *testing.T) {
	blind := away(0, 90*ms)
	blind.service = "another"
	measured := measurement{
		method: "a method", blind: map[string]time.Duration{"another": 100 * ms},
		matching: matching{
			missed: []truth{away(0, 20*ms), away(0, 21*ms), away(0, 40*ms), away(0, 41*ms), blind},
			merged: []truth{away(0, time.Second)}, invented: []sighting{saw(0, 20*ms)},
			pairs: []pair{{away(100*ms, 150*ms), saw(110*ms, 165*ms)}},
		},
	}
	figures := measured.figures()
	if want := (Missed{WithinOne: 1, WithinTwo: 2, Longer: 1, Blind: 1}); figures.Missed != want {
		t.Errorf("missed %+v", figures.Missed)
	}
	if figures.Outages != 7 || figures.Measured != 1 || figures.Merged != 1 || figures.Invented != 1 || figures.Missed.all() != 5 {
		t.Errorf("got %+v", figures)
	}
	if figures.Error.Median != 5*ms || figures.Lost.Max != 10*ms || figures.Back.Max != 15*ms || figures.Sharp.Count != 1 {
		t.Errorf("got %+v", figures)
	}
	if len(figures.Examples) != 2 || !strings.HasPrefix(figures.Examples[0], "missed: a site was away for 41ms") ||
		!strings.HasPrefix(figures.Examples[1], "invented: ") {
		t.Errorf("the examples are %q", figures.Examples)
	}
}

// Goal: an outage whose truth is vague proves nothing about the error, and still betrays a figure that
// contradicts it. Method: a vague truth that fits, and one that does not.
func TestFiguresSetTheUnprovedAside(t *testing.T) {
	fits := truth{down: edge{100 * ms, 105 * ms}, up: edge{150 * ms, 151 * ms}}
	contradicts := truth{down: edge{60 * ms, 65 * ms}, up: edge{150 * ms, 151 * ms}}
	measured := measurement{matching: matching{pairs: []pair{
		{fits, saw(110*ms, 165*ms)},
		{contradicts, saw(110*ms, 165*ms)},
		{away(100*ms, 150*ms), saw(110*ms, 165*ms)},
	}}}
	figures := measured.figures()
	if figures.Measured != 3 || figures.Unproved != 2 || figures.Error.Count != 1 || figures.Violations != 1 ||
		figures.TruthBlur != 3*ms {
		t.Errorf("got %+v", figures)
	}
	if figures.Stated.Max != 20*ms {
		t.Errorf("the stated errors are %+v", figures.Stated)
	}
}

// good is a result that keeps every promise.
func good() Result {
	figures := Figures{
		Method: "reprise", Outages: 100, Measured: 99, Missed: Missed{WithinOne: 1},
		Error: Distribution{99, ms, 10 * ms, 18 * ms, 21 * ms, 25 * ms}, Sharp: Distribution{
			99, ms, 10 * ms, 18 * ms, 21 * ms,
			25 * ms,
		},
	}
	return Result{
		Period: period, Probes: 10,
		Idle:   Arm{Methods: []Figures{figures}, Observer: Load{0.04, 20 << 20}},
		Loaded: Arm{Methods: []Figures{figures}, Observer: Load{0.045, 50 << 20}},
	}
}

// Goal: every promised number that does not hold is one sentence, and nothing else is. Method: a result
// that keeps all of them, then with one broken at a time.
func TestWrong(t *testing.T) {
	if sentences := good().wrong(); len(sentences) != 0 {
		t.Errorf("a good result is wrong: %q", sentences)
	}
	for _, test := range []struct {
		says   string
		damage func(*Result)
	}{
		{"measured nothing on an idle", func(r *Result) { r.Idle = Arm{Observer: r.Idle.Observer} }},
		{"measured nothing on a loaded", func(r *Result) { r.Loaded.Methods[0].Measured = 0 }},
		{"measured wrong by more than 21.1ms: ", func(r *Result) { r.Idle.Methods[0].Error.P99 = 21100 * time.Microsecond }},
		{"1 outages longer than two periods were missed", func(r *Result) { r.Idle.Methods[0].Missed.Longer = 1 }},
		{"1 outages longer than two periods were missed", func(r *Result) { r.Idle.Methods[0].Missed.Blind = 1 }},
		{"1 outages were taken for", func(r *Result) { r.Idle.Methods[0].Merged = 1 }},
		{"1 outages were invented and 0 measured twice", func(r *Result) { r.Idle.Methods[0].Invented = 1 }},
		{"the truth of 11 of 100 outages is not known", func(r *Result) { r.Idle.Methods[0].Unproved = 11 }},
		{"2 outages were outside", func(r *Result) { r.Idle.Methods[0].Violations = 2 }},
		{
			"under load, 1 in 100 outages was measured wrong by more than 22ms and not called",
			func(r *Result) { r.Loaded.Methods[0].Sharp.P99 = 22 * ms },
		},
		{"under load, 1 outages longer", func(r *Result) { r.Loaded.Methods[0].Missed.Longer = 1 }},
		{"under load, 0 outages were invented and 1", func(r *Result) { r.Loaded.Methods[0].Split = 1 }},
		{"under load, 1 outages were outside", func(r *Result) { r.Loaded.Methods[0].Violations = 1 }},
		{"took the observer 10.0 % of a core", func(r *Result) { r.Idle.Observer.Processor = 0.1 }},
		{"took 30 MiB of memory", func(r *Result) { r.Idle.Observer.PeakMemory = 30 << 20 }},
	} {
		result := good()
		result.Idle.Methods, result.Loaded.Methods = slices.Clone(result.Idle.Methods), slices.Clone(result.Loaded.Methods)
		test.damage(&result)
		if sentences := result.wrong(); len(sentences) != 1 || !strings.Contains(sentences[0], test.says) {
			t.Errorf("%q: got %q", test.says, sentences)
		}
	}
	excused := good()
	excused.Loaded.Methods[0].Missed.Blind, excused.Loaded.Methods[0].Error.P99, excused.Loaded.Methods[0].Inconclusive = 1,
		time.Second, 3
	excused.Idle.Methods = []Figures{good().Idle.Methods[0]}
	if sentences := excused.wrong(); len(sentences) != 0 {
		t.Errorf("what the record calls inconclusive is wrong: %q", sentences)
	}
}

// Goal: what the observer may take of a core is 5 %, or one and a half times what the questions alone take there where that
// is more. Method: both arms at the limit and below it, on a quick kernel and on a slow one.
func TestWhatTheObserverMayTake(t *testing.T) {
	for _, test := range []struct {
		bare, used float64
		right      bool
	}{
		{0.02, 0.049, true},
		{0.02, 0.05, false},
		{0, 0.05, false},
		{0.06, 0.089, true},
		{0.06, 0.091, false},
	} {
		for _, arm := range []func(*Result) *Arm{func(r *Result) *Arm { return &r.Idle }, func(r *Result) *Arm { return &r.Loaded }} {
			result := good()
			arm(&result).Bare, arm(&result).Observer.Processor = test.bare, test.used
			if sentences := result.wrong(); (len(sentences) == 0) != test.right {
				t.Errorf("%v beside %v: %q", test.used, test.bare, sentences)
			}
		}
	}
}
