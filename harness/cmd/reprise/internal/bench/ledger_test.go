//go:build bench

package bench

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// Goal: two arms that differ by chance alone are not told apart, and those that differ beyond it are.
// Method: the interval of samples of the same spread, once at the same place and once a second apart.
func TestElectionsAreCompared(t *testing.T) {
	spread := milliseconds(1900, 2000, 2050, 2100, 2150, 2200, 2300, 2400, 2500, 2700)
	other := milliseconds(1950, 2010, 2020, 2110, 2180, 2230, 2280, 2410, 2600, 2650)
	var late []time.Duration
	for _, sample := range other {
		late = append(late, sample+time.Second)
	}
	if low, high := differenceOfMedians(spread, other); low > 0 || high < 0 {
		t.Errorf("arms that are alike differ by %v to %v", low, high)
	}
	low, high := differenceOfMedians(spread, late)
	if low < 500*time.Millisecond || high > 1500*time.Millisecond {
		t.Errorf("arms that are a second apart differ by %v to %v", low, high)
	}
	for name, c := range map[string]struct {
		on    []time.Duration
		lost  int
		moved string
		kept  string
	}{
		"alike, and too few to tell": {other, 0, unknown, met}, "late": {late, 0, missed, met},
		"a write lost": {other, 1, unknown, missed},
	} {
		verdicts := map[string]string{}
		for _, f := range electionFigures(elections{name: "off", won: spread},
			elections{name: "on", won: c.on, acked: 500, wrote: 2 * time.Second, lost: c.lost}) {
			verdicts[f.Target] = f.Verdict
		}
		if verdicts["interval within ± 200ms"] != c.moved || verdicts["0"] != c.kept {
			t.Errorf("%s: the verdicts are %v", name, verdicts)
		}
	}
}

// Goal: the ledger is cleared only by an interval that holds no intolerable shift, and blamed only by
// one that does not hold 0. Method: intervals around every limit.
func TestShift(t *testing.T) {
	ms := time.Millisecond
	for _, c := range []struct {
		low, high time.Duration
		want      string
	}{
		{-200 * ms, 200 * ms, met},
		{10 * ms, 150 * ms, met},
		{-201 * ms, 100 * ms, unknown},
		{-100 * ms, 201 * ms, unknown},
		{1 * ms, 201 * ms, missed},
		{-300 * ms, -1 * ms, missed},
	} {
		if got := shift(c.low, c.high); got != c.want {
			t.Errorf("%v to %v: %s", c.low, c.high, got)
		}
	}
}

// Goal: a few elections never pass for a proof that nothing has moved.
// Method: two in each arm.
func TestFewElectionsTellNothing(t *testing.T) {
	few := elections{name: "off", won: milliseconds(2000, 2500), acked: 500, wrote: 2 * time.Second}
	for _, f := range electionFigures(few, few) {
		if strings.HasPrefix(f.Target, "interval") && f.Verdict != unknown {
			t.Errorf("%s: %s", f.Name, f.Verdict)
		}
	}
}

// Goal: a rate is a number with a target, in text and in JSON.
// Method: rates on both sides of it, and the line of the table.
func TestLedgerRate(t *testing.T) {
	for acked, want := range map[int]string{2000: met, 1999: missed} {
		if f := rateFigure("g", "rate", acked, 10*time.Second); f.Verdict != want ||
			f.cells()[1] != fmt.Sprintf("%.1f", float64(acked)/10) {
			t.Errorf("%d in 10 s: %v, %s", acked, f.cells(), f.Verdict)
		}
	}
}

// Goal: the processor time of a process is read right, whatever its name.
// Method: a line by hand, with spaces and parentheses in the name, one that is cut short, and this process's own.
func TestParseTicks(t *testing.T) {
	line := "12 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 120 34 0 0 20 0"
	if ticks, err := parseTicks([]byte(line)); ticks != 154 || err != nil {
		t.Errorf("read %d, %v", ticks, err)
	}
	if _, err := parseTicks([]byte("12 (a) S 1 2")); err == nil {
		t.Error("a line that is cut short is read")
	}
	own, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Skip("this machine has no /proc")
	}
	if _, err := parseTicks(own); err != nil {
		t.Error(err)
	}
}

// Goal: a part that does not exist is not known, and one part alone is the only one measured.
// Method: the parts of benches with and without it.
func TestBenchParts(t *testing.T) {
	if KnowsPart("nonsense") || !KnowsPart("ledger") {
		t.Error("a part is known that does not exist, or one that does is not")
	}
	if alone, all := len((&bench{Options: Options{Only: "ledger"}}).chosen()), len((&bench{}).chosen()); alone != 1 || all != 6 {
		t.Errorf("%d and %d parts", alone, all)
	}
}
