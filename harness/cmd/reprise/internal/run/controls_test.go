package run

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/reports"
)

// armSpec is the runner's report of a spec in a control arm, with what the suite says of it.
func armSpec(name, state, result, reason string) string {
	entries := ""
	if result != "" {
		said, err := json.Marshal(map[string]string{"result": result, "reason": reason})
		if err != nil {
			panic(err)
		}
		value, err := json.Marshal(map[string]string{"AsJSON": string(said), "Representation": result})
		if err != nil {
			panic(err)
		}
		entries = `"ReportEntries":[{"Name":"control arm","Value":` + string(value) + `}],`
	}
	return `{"ContainerHierarchyTexts":["Rain"],"LeafNodeType":"It","LeafNodeText":"` + name + `",` + entries +
		`"State":"` + state + `","Failure":{"Message":"` + reason + `","Location":{"FileName":"rain_test.go","LineNumber":7}}}`
}

// inArms is a suite's script that writes another report in each arm.
func inArms(fault, runbook string) string {
	return readsArguments + plans(asPlanned(fault)) +
		`if [ "$REPRISE_CONTROL" = without-fault ]; then ` + writes(fault, !strings.Contains(fault, `"failed"`)) + failing(fault) +
		"elif [ \"$REPRISE_CONTROL\" = without-runbook ]; then " + writes(runbook, !strings.Contains(runbook, `"failed"`)) +
		failing(runbook) + "else exit 9; fi\n"
}

// failing ends a suite's script as the runner does.
func failing(specs string) string {
	if strings.Contains(specs, `"failed"`) {
		return "exit 1\n"
	}
	return "exit 0\n"
}

func controlsOf(t *testing.T, runner string) (*controlsRun, string, error) {
	t.Helper()
	var out strings.Builder
	run := &controlsRun{chaosRun: aRun(t, &out, runner, Options{Focus: "rain", Seed: 7, Repeat: 1, Target: "controls"})}
	err := run.all(t.Context())
	return run, out.String(), err
}

// Goal: a run of control arms is green only when every arm went red in its place or has no meaning, and
// says of each what it did. Method: a runner whose reports cover the ways in which an arm ends.
func TestControlsFailUnlessEveryArmIsRed(t *testing.T) {
	goodFault := armSpec("falls", "passed", "red", "nothing broke within 15s")
	goodRunbook := armSpec("falls", "passed", "red", "the service was not back")
	for _, test := range []struct {
		name, fault, runbook string
		green                bool
		counts               string
		says                 []string
	}{
		{"both red", goodFault, goodRunbook, true, "2 passed, 0 failed, 0 skipped", []string{
			"red at Detect", "red at AwaitRecovery",
			"2 arms red as expected, 0 not red, 0 not applicable",
			"without its fault nothing may break within 15s, and without its runbook the service may not be back within 40s",
		}},
		{
			"no runbook", goodFault, armSpec("falls", "skipped", "not applicable", "recovers by itself: no runbook to leave out"), true,
			"1 passed, 0 failed, 1 skipped",
			[]string{
				"not applicable (recovers by itself: no runbook to leave out)",
				"1 arms red as expected, 0 not red, 1 not applicable",
			},
		},
		{
			"fails without a fault", armSpec("falls", "failed", "not red", "it failed anyway"), goodRunbook, false,
			"1 passed, 1 failed, 0 skipped",
			[]string{"NOT RED", "Rain falls, without fault: not red\n  it failed anyway", "not every scenario could be made red"},
		},
		{
			"fails without a fault on a machine that starves", armSpec("falls", "failed", "inconclusive", "node1 stood still"),
			goodRunbook, false,
			"1 passed, 1 failed, 0 skipped",
			[]string{
				"INCONCLUSIVE", "Rain falls, without fault: inconclusive\n  node1 stood still",
				"not every scenario could be made red",
			},
		},
		{
			"is red for another reason", goodFault, armSpec("falls", "failed", "red for another reason", "the lab broke"), false,
			"1 passed, 1 failed, 0 skipped",
			[]string{
				"RED FOR ANOTHER REASON", "Rain falls, without runbook: red for another reason\n  the lab broke",
				"not every scenario could be made red",
			},
		},
		{
			"comes back without a runbook", goodFault, armSpec("falls", "failed", "not red", "it came back"), false,
			"1 passed, 1 failed, 0 skipped",
			[]string{"NOT RED", "Rain falls, without runbook: not red\n  it came back"},
		},
		{
			"fails before", armSpec("falls", "failed", "", "the lab did not come up"), goodRunbook, false,
			"1 passed, 1 failed, 0 skipped",
			[]string{"FAILED BEFORE Detect", "the lab did not come up\n  rain_test.go:7"},
		},
		{
			"red and its cleanup failed", strings.Replace(goodFault, `"State"`,
				`"AdditionalFailures":[{"State":"failed","Failure":{"Message":"the fault stays"}}],"State"`, 1), goodRunbook, false,
			"1 passed, 1 failed, 0 skipped",
			[]string{"FAILED BEFORE Detect", "the fault stays"},
		},
		{
			"passes to its end", armSpec("falls", "passed", "", ""), goodRunbook, false, "1 passed, 1 failed, 0 skipped",
			[]string{"NOT RED", "it passed to its end"},
		},
		{
			"not a drill", armSpec("falls", "skipped", "not applicable", "not a drill"), armSpec("falls", "skipped", "not applicable",
				"not a drill"), false,
			"0 passed, 0 failed, 2 skipped",
			[]string{"no selected spec has a control arm: nothing was checked"},
		},
		{
			"skipped for another reason", armSpec("falls", "skipped", "", "needs winter"), goodRunbook, true,
			"1 passed, 0 failed, 1 skipped",
			[]string{"not applicable (needs winter)"},
		},
		{
			"a result that nobody knows", armSpec("falls", "skipped", "crimson", "what?"), goodRunbook, true,
			"1 passed, 0 failed, 1 skipped",
			[]string{"not applicable (what?)"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, out, err := controlsOf(t, inArms(test.fault, test.runbook))
			if green := err == nil; green != test.green {
				t.Errorf("the run ends with %v", err)
			}
			if !strings.HasSuffix(out, "\n"+test.counts+"\n") {
				t.Errorf("the last line is not %q:\n%s", test.counts, out)
			}
			for _, want := range test.says {
				if !strings.Contains(out, want) {
					t.Errorf("the output lacks %q:\n%s", want, out)
				}
			}
		})
	}
}

// Goal: suites that do not get as far as a report, or fail outside of their specs, fail the run. Method:
// a runner that ends at once in the second arm, and one whose suite failed.
func TestControlsFailWithTheirSuites(t *testing.T) {
	good := armSpec("falls", "passed", "red", "nothing broke")
	for name, runner := range map[string]string{
		"no report": readsArguments + plans(asPlanned(good)) + `if [ "$REPRISE_CONTROL" = without-fault ]; then ` +
			writes(good, true) + "else exit 1; fi\n",
		"suite failed": writesReport(good, false) + "exit 1\n",
	} {
		run, out, err := controlsOf(t, runner)
		if !errors.Is(err, ErrRed) || len(run.found.Failures) == 0 || !strings.Contains(out, "not every scenario could be made red") {
			t.Errorf("%s: the run ends with %v:\n%s", name, err, out)
		}
	}
}

// Goal: the run leaves what it found where the README takes it from, no JSON beside the records, and
// never becomes the latest run of drills. Method: the folder of a run is read back.
func TestControlsLeaveTheirResult(t *testing.T) {
	run, _, err := controlsOf(t, inArms(armSpec("falls", "passed", "red", "nothing broke"),
		armSpec("falls", "skipped", "not applicable", "recovers by itself")))
	testkit.Must(t, err)
	if records, err := reports.ReadRecords(run.folder()); err != nil || len(records) != 0 {
		t.Errorf("%d records, %v", len(records), err)
	}
	for _, name := range []string{"index.html", ControlsFile} {
		if info, err := os.Stat(filepath.Join(run.folder(), name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(module.RunsFolder(run.root), "latest")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the latest run is now one of control arms (%v)", err)
	}
	text, err := os.ReadFile(filepath.Join(run.folder(), ControlsFile))
	testkit.Must(t, err)
	var kept ControlsReport
	testkit.Must(t, json.Unmarshal(text, &kept))
	row := kept.Row("flood")
	for _, want := range []string{"| flood | 1 | 1 | 0 | 1 | ", "`make controls FOCUS=rain SEED=7`"} {
		if !strings.Contains(row, want) {
			t.Errorf("the row lacks %q:\n%s", want, row)
		}
	}
}

// Goal: the failure of an arm is tied to the record of that arm. Method: records of both arms.
func TestRecordOfControlArm(t *testing.T) {
	records := []harness.Record{
		{ID: "rain-falls-without-fault", Scenario: "flood", Title: "Rain falls (control arm: without its fault)"},
		{ID: "rain-falls-without-runbook", Scenario: "flood", Title: "Rain falls (control arm: without its runbook)"},
	}
	for arm, want := range map[contract.Arm]string{
		contract.WithoutFault: "rain-falls-without-fault", contract.WithoutRunbook: "rain-falls-without-runbook",
	} {
		if got := controlRecord(ControlledSpec{Scenario: "flood", Title: "Rain falls"}, arm, records); got != want {
			t.Errorf("%s: %q, want %q", arm, got, want)
		}
	}
	if got := controlRecord(ControlledSpec{Scenario: "drought", Title: "Rain falls"}, "without-fault", records); got != "" {
		t.Errorf("another scenario's record is taken: %q", got)
	}
}

// Goal: a spec that was skipped, and whose cleanup failed then, is a failure in every run: the runner
// calls it skipped and its suite good. Method: such a report goes through an ordinary run.
func TestSkipDoesNotHideAFailedCleanup(t *testing.T) {
	spec := strings.Replace(specSkipped, `"State"`,
		`"AdditionalFailures":[{"State":"failed","Failure":{"Message":"the lab `+
			`stays","Location":{"FileName":"a/drill.go","LineNumber":3}}}],"State"`, 1)
	var out strings.Builder
	run := aRun(t, &out, writesReport(specPassed+","+spec, true), Options{Seed: 7, Repeat: 1})
	if err := run.all(t.Context()); !errors.Is(err, ErrRed) {
		t.Errorf("the run ends with %v", err)
	}
	if !strings.HasSuffix(out.String(), "\n1 passed, 1 failed, 0 skipped\n") {
		t.Errorf("the failure is not counted:\n%s", out.String())
	}
	if len(run.outcome.Failures) != 1 || run.outcome.Failures[0].Message != "the lab stays\ndrill.go:3" {
		t.Errorf("the failures are %+v", run.outcome.Failures)
	}
}

// Goal: what the runner itself writes of a report entry is what is read here. Method: a report as the
// runner's library encodes it goes through the file and back.
func TestControlEndingSurvivesTheRunnersReport(t *testing.T) {
	said := contract.Red.Because(`nothing "broke"`)
	spec := types.SpecReport{State: types.SpecStatePassed, LeafNodeType: types.NodeTypeIt, ReportEntries: types.ReportEntries{
		{Name: "drill", Value: types.WrapEntryValue("inconclusive")}, {Name: contract.ControlEntry, Value: types.WrapEntryValue(said)},
	}}
	text, err := json.Marshal(spec)
	testkit.Must(t, err)
	var read types.SpecReport
	testkit.Must(t, json.Unmarshal(text, &read))
	if got := controlOutcomeOf(read); got.Ending != said {
		t.Errorf("it is read as %+v", got)
	}
}
