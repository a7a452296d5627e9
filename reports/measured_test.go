package reports

import (
	"testing"

	"github.com/reprise-dr/reprise/harness"
)

// TestMeasuredRecords proves that records of real drills are judged for ever as they were: the files in
// testdata/measured are never written again. Method: judge them; every verdict there is must be among them.
func TestMeasuredRecords(t *testing.T) {
	results, err := Rejudge("testdata/measured")
	if err != nil {
		t.Fatal(err)
	}
	verdicts := map[harness.Verdict]int{}
	for _, result := range results {
		verdicts[result.Now.Verdict]++
		if len(result.Differences) > 0 {
			t.Errorf("%s: %q", result.Path, result.Differences)
		}
	}
	for _, verdict := range []harness.Verdict{harness.Met, harness.Missed, harness.Inconclusive} {
		if verdicts[verdict] < 3 {
			t.Errorf("only %d of %d records are %s", verdicts[verdict], len(results), verdict)
		}
	}
}
