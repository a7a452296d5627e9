package calibration

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

var update = flag.Bool("update-result", false, "write testdata/result.json anew")

// sample is a result in which every figure is another.
func sample() Result {
	observer := Figures{
		Method: "reprise", Outages: 1000, Measured: 990, Merged: 1, Missed: Missed{WithinOne: 5, WithinTwo: 2, Longer: 1, Blind: 1},
		Invented: 3, Split: 4,
		Error:        Distribution{990, -500 * time.Microsecond, 9 * ms, 17 * ms, 20500 * time.Microsecond, 22 * ms},
		Sharp:        Distribution{980, -400 * time.Microsecond, 8 * ms, 16 * ms, 19 * ms, 21 * ms},
		Inconclusive: 10, Violations: 6, Stated: Distribution{990, 20 * ms, 20 * ms, 21 * ms, 24 * ms, 44 * ms}, Unproved: 8,
		Lost: Distribution{Count: 990}, Back: Distribution{Count: 990}, TruthBlur: 40 * time.Microsecond,
		Examples: []string{"an example"},
	}
	loop := Figures{
		Method: "curl every second", Outages: 300, Measured: 100,
		Missed: Missed{WithinOne: 50, WithinTwo: 30, Longer: 120}, Error: Distribution{
			100, 100 * ms, 300 * ms, 900 * ms, time.Second,
			1200 * ms,
		},
	}
	return Result{
		Schema: resultSchema, Started: time.Date(2026, 1, 20, 9, 0, 0, 0, time.UTC), Seed: 7, Period: period, Probes: 10,
		Machine: map[string]string{"processors": "2", "memory": "8192 MiB", "kernel": "6.1", "engine": "29.0"},
		Idle: Arm{
			Duration: 5 * time.Minute, Methods: []Figures{observer, loop}, Observer: Load{0.042, 16 << 20}, Bare: 0.035,
			Skipped: 1, LongestGap: 45 * ms, Uncertainty: 100 * time.Microsecond,
		},
		Loaded: Arm{
			Duration: time.Minute, Methods: []Figures{observer}, Observer: Load{0.061, 18 << 20}, Bare: 0.0488, Skipped: 9,
			LongestGap: 85 * ms, Uncertainty: 200 * time.Microsecond,
		},
	}
}

// Goal: a result that was written is read again, and older ones stay readable. Method: a sample result has to be, byte for byte,
// the file that is kept, and the same when it is read.
func TestResultIsTheOneThatIsRead(t *testing.T) {
	folder := t.TempDir()
	testkit.Must(t, sample().write(folder))
	written, err := os.ReadFile(filepath.Join(folder, "calibration", "result.json"))
	testkit.Must(t, err)
	const kept = "testdata/result.json"
	if *update {
		testkit.Must(t, os.WriteFile(kept, written, 0o600))
	}
	if want, err := os.ReadFile(kept); err != nil || !bytes.Equal(written, want) {
		t.Errorf("the result is not %s, %v: run this with -update-result:\n%s", kept, err, written)
	}
	if read, err := Read(kept); err != nil || !reflect.DeepEqual(read, sample()) {
		t.Errorf("it is read as %+v, %v", read, err)
	}
}
