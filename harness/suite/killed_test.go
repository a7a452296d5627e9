package suite

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/reports"
)

// untilKilled has the spec run that waits to be killed.
const untilKilled = "REPRISE_TEST_UNTIL_KILLED"

// Goal: a suite that is killed leaves the record of the drill under way, which reads, is inconclusive and says where it
// was, and nothing else. Method: a suite in a process of its own is killed in its repair.
func TestKilledDrillLeavesItsRecord(t *testing.T) {
	folder := t.TempDir()
	process := exec.Command(os.Args[0], "-test.run=^TestSpecsInArm$", "-ginkgo.focus=waits for its repair")
	process.Env = slices.Concat(os.Environ(), contract.Config{RunDir: folder}.Environment(),
		[]string{inTheArm + "=1", untilKilled + "=1"})
	testkit.Must(t, process.Start())
	defer process.Wait() //nolint:errcheck // it is killed
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		records, err := reports.ReadRecords(folder)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%v, %v", records, err)
		}
		if len(records) == 1 && strings.HasPrefix(records[0].UnderWay, "repair") {
			break
		}
	}
	testkit.Must(t, process.Process.Kill())
	results, err := reports.Rejudge(folder)
	if err != nil || len(results) != 1 || len(results[0].Differences) > 0 {
		t.Fatalf("%+v, %v", results, err)
	}
	if judged := results[0].Now; judged.Verdict != harness.Inconclusive ||
		!strings.Contains(strings.Join(judged.Reasons, ";"), `cut off during repair: step "for ever" of "wait"`) {
		t.Errorf("%s: %q", judged.Verdict, judged.Reasons)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v (%v)", entries, err)
	}
}

// Goal: a miss that is certain is on the terminal while the drill goes on. Method: a drill in a process of its own whose
// runbook is broken, and what it has printed before it is judged.
func TestMissIsPrinted(t *testing.T) {
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSpecsInArm$", "-ginkgo.v",
		"-ginkgo.focus=expects its repair to break")
	process.Env = slices.Concat(os.Environ(), contract.Config{RunDir: t.TempDir()}.Environment(), []string{inTheArm + "=1"})
	output, err := process.CombinedOutput()
	if want := `the RTO of 2s is missed beyond doubt, 2`; err != nil || !strings.Contains(string(output), want) {
		t.Errorf("%v, no %q in:\n%s", err, want, output)
	}
}
