package calibration

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// resultSchema names the version of the result's JSON.
const resultSchema = "reprise.calibration/v1"

// A Result is what one calibration measured. Durations are nanoseconds in JSON.
type Result struct {
	Schema  string            `json:"schema"`
	Started time.Time         `json:"started"`
	Seed    int64             `json:"seed"`
	Period  time.Duration     `json:"period_ns"` // of the observer's probes
	Probes  int               `json:"probes"`    // of the observer
	Machine map[string]string `json:"machine"`
	Idle    Arm               `json:"idle"`
	Loaded  Arm               `json:"loaded"`
}

// An Arm is one campaign of outages. Methods measured the same ones; the observer's is the first.
type Arm struct {
	Duration time.Duration `json:"duration_ns"`
	Methods  []Figures     `json:"methods"`
	Observer Load          `json:"observer"`
	// Bare is what the same questions take, of one core, when a program asks them that does nothing else; 0: nobody knows.
	Bare float64 `json:"bare_processor"`
	// Skipped counts the questions that the observer says it left out, LongestGap is the longest time
	// in which it says it did not look.
	Skipped    int           `json:"skipped"`
	LongestGap time.Duration `json:"longest_gap_ns"`
	// Uncertainty is how far the clocks of the truth and the record may be apart.
	Uncertainty time.Duration `json:"clock_uncertainty_ns"`
}

// A Load is what the observer's agent took.
type Load struct {
	Processor  float64 `json:"processor"`    // of one core, while the arm went on: 0.05 is 5 %
	PeakMemory int64   `json:"memory_bytes"` // resident, the most since it started
}

// The promised numbers.
const (
	// promisedProcessor is of one core. Where the kernel takes more than that for the questions alone, no program can keep
	// it: then the observer takes no more than promisedTimes as much. See harness/adr/0022-what-asking-costs.md.
	promisedProcessor = 0.05
	promisedTimes     = 1.5
	mostMemory        = 30 << 20
	mostUnproved      = 10 // one in that many outages may be without a truth to compare with
)

// allowed is how much of a core the observer may take in the arm.
func (a *Arm) allowed() float64 { return max(promisedProcessor, promisedTimes*a.Bare) }

// wrong says in a sentence each which of the promised numbers do not hold.
func (r Result) wrong() []string {
	sentences := append(r.wrongIdle(), r.wrongLoaded()...)
	for _, arm := range []Arm{r.Idle, r.Loaded} {
		if used := arm.Observer.Processor; used >= arm.allowed() {
			sentences = append(sentences, fmt.Sprintf(
				"%d probes every %v took the observer %.1f %% of a core, and the questions alone take %.1f %%: under %.1f %% is promised",
				r.Probes, r.Period, 100*used, 100*arm.Bare, 100*arm.allowed()))
		}
	}
	if used := r.Idle.Observer.PeakMemory; used >= mostMemory {
		sentences = append(sentences, fmt.Sprintf("the observer took %d MiB of memory: under %d are promised", used>>20,
			mostMemory>>20))
	}
	return sentences
}

func (r Result) wrongIdle() []string {
	if len(r.Idle.Methods) == 0 || r.Idle.Methods[0].Measured == 0 {
		return []string{"the observer measured nothing on an idle machine"}
	}
	figures := r.Idle.Methods[0]
	var sentences []string
	if limit := r.Period + latency; figures.Error.P99 > limit {
		sentences = append(sentences, fmt.Sprintf(
			"1 in 100 outages was measured wrong by more than %v: a period and a millisecond, %v, is promised", figures.Error.P99, limit))
	}
	if missed := figures.Missed.Longer + figures.Missed.Blind; missed > 0 {
		sentences = append(sentences, fmt.Sprintf("%d outages longer than two periods were missed", missed))
	}
	if figures.Merged > 0 {
		sentences = append(sentences, fmt.Sprintf("%d outages were taken for a part of another one", figures.Merged))
	}
	return append(sentences, figures.neverRight("")...)
}

// wrongLoaded is less strict: what the record calls inconclusive is not wrong.
func (r Result) wrongLoaded() []string {
	if len(r.Loaded.Methods) == 0 || r.Loaded.Methods[0].Measured == 0 {
		return []string{"the observer measured nothing on a loaded machine"}
	}
	figures := r.Loaded.Methods[0]
	var sentences []string
	if limit := r.Period + latency; figures.Sharp.P99 > limit {
		sentences = append(sentences, fmt.Sprintf(
			"under load, 1 in 100 outages was measured wrong by more than %v and not called inconclusive", figures.Sharp.P99))
	}
	if figures.Missed.Longer > 0 {
		sentences = append(sentences, fmt.Sprintf(
			"under load, %d outages longer than two periods were missed, and the record does not say that nobody looked",
			figures.Missed.Longer))
	}
	return append(sentences, figures.neverRight("under load, ")...)
}

// neverRight is what may happen on no machine.
func (f Figures) neverRight(when string) []string {
	var sentences []string
	if f.Invented > 0 || f.Split > 0 {
		sentences = append(sentences, fmt.Sprintf("%s%d outages were invented and %d measured twice", when, f.Invented, f.Split))
	}
	if f.Unproved*mostUnproved > f.Outages {
		sentences = append(sentences, fmt.Sprintf(
			"%sthe truth of %d of %d outages is not known to a millisecond: the machine is too busy to calibrate on", when, f.Unproved,
			f.Outages))
	}
	if f.Violations > 0 {
		sentences = append(sentences, fmt.Sprintf("%s%d outages were outside of what the record says is possible", when, f.Violations))
	}
	return sentences
}

// line sums a method up for a person who watches.
func (f Figures) line() string {
	return fmt.Sprintf("%-22s %4d outages: %d measured, %d missed (up to one period %d, up to two %d, longer %d, unseen in a "+
		"gap %d), %d merged, %d invented, %d twice; "+
		"error p50 %v p90 %v p99 %v max %v, signed median %v; lost p99 %v, back p99 %v; %d inconclusive (stated p50 %v p99 %v max "+
		"%v), %d outside their bounds, %d unproved, truth to %v",
		f.Method, f.Outages, f.Measured, f.Missed.all(), f.Missed.WithinOne, f.Missed.WithinTwo, f.Missed.Longer, f.Missed.Blind,
		f.Merged, f.Invented, f.Split,
		f.Error.P50, f.Error.P90, f.Error.P99, f.Error.Max, f.Error.Median, f.Lost.P99, f.Back.P99, f.Inconclusive, f.Stated.P50,
		f.Stated.P99, f.Stated.Max, f.Violations, f.Unproved, f.TruthBlur)
}

// File is where a run leaves its result, below its folder, which itself holds no JSON but records.
const File = "calibration/result.json"

// write keeps the result below the run's folder.
func (r Result) write(runFolder string) error {
	path := filepath.Join(runFolder, filepath.FromSlash(File))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("keep the calibration's result: %w", err)
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("keep the calibration's result: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("keep the calibration's result: %w", err)
	}
	return nil
}

// Read reads a result. One of another version, or that is none, is an error.
func Read(path string) (Result, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Result{}, fmt.Errorf("read the calibration: %w", err)
	}
	var found Result
	if err := json.Unmarshal(text, &found); err != nil {
		return Result{}, fmt.Errorf("read the calibration %s: %w", path, err)
	}
	if found.Schema != resultSchema {
		return Result{}, fmt.Errorf("read the calibration %s: its schema is %q, and %q is understood", path, found.Schema, resultSchema)
	}
	return found, nil
}
