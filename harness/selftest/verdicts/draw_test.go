package verdicts

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: the set is what is claimed of it: 50 drills, 25 broken on purpose in at least eight ways, and
// a seed says which.
// Method: draw many seeds, count, and compare two draws of one seed and of two.
func TestTheDrillsAreFiftyAndHalfOfThemBroken(t *testing.T) {
	texts := func(seed int64) (all []string) {
		for _, drawn := range drawAll(seed) {
			all = append(all, drawn.text())
		}
		return all
	}
	for seed := range int64(50) {
		broken := 0
		for _, drawn := range drawAll(seed) {
			if drawn.family.broken {
				broken++
			}
		}
		if all := texts(seed); len(all) != 50 || broken != 25 {
			t.Fatalf("seed %d makes %d drills, %d of them broken", seed, len(all), broken)
		}
	}
	if len(ways()) < 8 {
		t.Errorf("only %d ways: %q", len(ways()), ways())
	}
	if !slices.Equal(texts(1), texts(1)) || slices.Equal(texts(1), texts(2)) {
		t.Error("the seed does not say which drills there are")
	}
}

// Goal: every drill that can be drawn makes sense: it has a place of its own in the report, an
// objective, and an outcome that could be told from another.
// Method: draw many seeds and look at each drill.
func TestEveryDrawnDrillMakesSense(t *testing.T) {
	for seed := range int64(200) {
		seen := map[string]bool{}
		for _, drawn := range drawAll(seed) {
			text := drawn.text()
			if seen[text] {
				t.Errorf("two drills are called %q", text)
			}
			seen[text] = true
			if err := drawn.objective.Validate(); err != nil {
				t.Errorf("%s: %v", text, err)
			}
			if drawn.known.reason == "" || drawn.known.verdict == "" || len(drawn.steady) == 0 || drawn.fault == nil {
				t.Errorf("%s: nothing is known of it: %+v", text, drawn.known)
			}
			if drawn.known.verdict == harness.Met && drawn.known.earliest+drawn.known.declared >= drawn.objective.RTO {
				t.Errorf("%s: it cannot be met", text)
			}
			if strings.ContainsAny(drawn.family.name, "&|!,()/:") {
				t.Errorf("the name of the family %q is no label", drawn.family.name)
			}
		}
	}
}

// Goal: a flapping service is never up for the dwell before its end, and is down just before it.
// Method: draw many turns and add them up.
func TestTurnsNeverLastTheDwell(t *testing.T) {
	for seed := range uint64(1000) {
		dice := rand.New(rand.NewPCG(seed, 0))
		end := between(dice, 3*time.Second, 16*time.Second)
		var sum time.Duration
		all := turns(dice, end)
		for i, turn := range all {
			sum += turn
			if i%2 == 1 && turn > time.Second {
				t.Errorf("it is up for %v", turn)
			}
			if turn <= 0 {
				t.Errorf("a turn of %v", turn)
			}
		}
		if sum != end || len(all)%2 == 0 {
			t.Errorf("%d turns take %v, not %v, or it ends down", len(all), sum, end)
		}
	}
}

// judged is a record as a drill with the outcome byRunbook(2 s) leaves it, and what was known besides.
func judged() (harness.Record, facts) {
	started := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	record := harness.Record{
		Started: started, Fault: &harness.RecordFault{At: 5 * time.Second},
		SLIs: []harness.RecordSLI{{Name: "up", Steady: true, Period: 500 * time.Millisecond}},
		Judgement: harness.Judgement{
			Verdict: harness.Met, RecoveredBy: harness.ByRunbook, Recovered: true, Reasons: []string{backInTime + " 3 s after the fault"},
			RTA: 3 * time.Second, TTD: 100 * time.Millisecond, Resolution: 500 * time.Millisecond,
		},
	}
	at := func(after time.Duration) time.Time { return started.Add(5*time.Second + after) }
	seen := func(after time.Duration, up bool) look {
		return look{asked: at(after), answered: at(after + 10*time.Millisecond), up: up}
	}
	w := &secondObserver{looks: []look{
		seen(0, true), seen(100*time.Millisecond, false), seen(2700*time.Millisecond, false),
		seen(2800*time.Millisecond, true),
	}}
	return record, facts{began: at(-time.Millisecond), ended: at(time.Millisecond), seen: w.since(at(-time.Millisecond))}
}

// Goal: every kind of false verdict and false figure is called wrong; a right one is not.
// Method: take a judgement that is right and spoil one thing at a time.
func TestCompareFindsWhatIsWrong(t *testing.T) {
	cases := map[string]struct {
		beforeFault func(record *harness.Record, facts *facts)
		wrong       string
	}{
		"right": {func(*harness.Record, *facts) {}, ""},
		"another verdict": {
			func(r *harness.Record, _ *facts) { r.Judgement.Verdict = harness.Missed },
			"the verdict is missed, not met",
		},
		"nobody's": {
			func(r *harness.Record, _ *facts) { r.Judgement.RecoveredBy = harness.BySelf },
			"recovered by self, not by runbook",
		},
		"another reason": {func(r *harness.Record, _ *facts) { r.Judgement.Reasons = []string{"it rained"} }, "no reason says"},
		"spared":         {func(r *harness.Record, _ *facts) { r.Judgement.Spared = []string{"up"} }, "spared were"},
		"a lost write":   {func(r *harness.Record, _ *facts) { r.Judgement.Lost = 1 }, "1 writes are lost, not 0"},
		"a reappeared one": {
			func(r *harness.Record, _ *facts) { r.Ledgers = []harness.RecordLedger{{Reappeared: 2}} },
			"2 writes reappeared",
		},
		"declared": {func(r *harness.Record, _ *facts) { r.Judgement.Declared = time.Second }, "1s are declared"},
		"too early": {
			func(r *harness.Record, _ *facts) { r.Judgement.RTA = 1900 * time.Millisecond },
			"nothing was done before 2s",
		},
		"too early for the second observer": {
			func(r *harness.Record, _ *facts) { r.Judgement.RTA = 2150 * time.Millisecond },
			"the RTA is 2.15s",
		},
		"too late":  {func(r *harness.Record, _ *facts) { r.Judgement.RTA = 4 * time.Second }, "the RTA is 4s"},
		"late TTD":  {func(r *harness.Record, _ *facts) { r.Judgement.TTD = time.Second }, "the TTD is 1s"},
		"late t0":   {func(r *harness.Record, _ *facts) { r.Fault.At += 50 * time.Millisecond }, "t0 is 51ms after"},
		"false RPA": {func(r *harness.Record, f *facts) { f.oldestLost = f.began.Add(-time.Second) }, "the RPA is 0s"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			record, facts := judged()
			c.beforeFault(&record, &facts)
			found := compare(byRunbook(2*time.Second), record, facts)
			if c.wrong == "" && len(found.wrong) > 0 || c.wrong != "" && !strings.Contains(found.sentence(), c.wrong) {
				t.Errorf("found %q, want %q", found.sentence(), c.wrong)
			}
			if right := found.sentence() == "known outcome: right"; right != (c.wrong == "") {
				t.Errorf("the sentence is %q", found.sentence())
			}
		})
	}
}

// Goal: a verdict that the machine kept from being given is neither right nor wrong; one that nothing
// explains is wrong, and one on a busy machine that is false stays wrong.
// Method: inconclusive and missed records with and without an interruption.
func TestCompareCountsABusyMachineApart(t *testing.T) {
	cases := map[string]struct {
		verdict     harness.Verdict
		interrupted bool
		want        string
	}{
		"starved":                 {harness.Inconclusive, true, "known outcome: inconclusive, the machine was busy"},
		"without a reason":        {harness.Inconclusive, false, "known outcome: wrong"},
		"starved, and all wrong":  {harness.Missed, true, "known outcome: wrong"},
		"starved, and yet judged": {harness.Met, true, "known outcome: right"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			record, facts := judged()
			record.Judgement.Verdict = c.verdict
			if c.interrupted {
				record.Interruptions = []harness.RecordInterruption{{Length: time.Second}}
			}
			if got := compare(byRunbook(2*time.Second), record, facts).sentence(); !strings.HasPrefix(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
