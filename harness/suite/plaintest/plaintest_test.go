package plaintest

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/judge"
	"github.com/reprise-dr/reprise/harness/lab/engine/enginetest"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/reports"
)

// Goal: Ctrl-C ends the making of images and the wait for an engine, which are before the runner takes care of it. Method: send
// it to this process.
func TestInterruptEndsWhatIsBeforeDrills(t *testing.T) {
	ctx, stop := Interruptible(time.Time{})
	defer stop()
	testkit.Must(t, syscall.Kill(syscall.Getpid(), syscall.SIGINT))
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Error("the signal changed nothing")
	}
}

// Goal: drills run in a plain `go test` of whoever uses Reprise, and in a clone of it or with -short only when that is asked for.
// Method: every combination.
func TestWhereDrillsRun(t *testing.T) {
	clone, err := module.Root()
	testkit.Must(t, err)
	for _, test := range []struct {
		root, variable string
		short, runs    bool
	}{
		{t.TempDir(), "", false, true},
		{t.TempDir(), "", true, false},
		{t.TempDir(), "0", false, false},
		{t.TempDir(), "1", true, false},
		{clone, "", false, false},
		{clone, "1", false, true},
		{clone, "0", false, false},
	} {
		t.Setenv(Variable, test.variable)
		reason, err := Unwanted(test.root, test.short)
		if err != nil || (reason == "") != test.runs || !test.runs && !test.short && !strings.Contains(reason, "reprise --help") {
			t.Errorf("%+v: %q, %v", test, reason, err)
		}
	}
	t.Setenv(Variable, "perhaps")
	if _, err := Unwanted(clone, false); err == nil || !strings.Contains(err.Error(), Variable+`="perhaps"`) {
		t.Errorf("the error is %v", err)
	}
}

// Goal: drills have what `go test` leaves them, less the time to close; without a deadline they have long. Method: deadlines.
func TestLimitLeavesTimeToClose(t *testing.T) {
	for left, want := range map[time.Duration]time.Duration{time.Hour: 59 * time.Minute, time.Minute: 45 * time.Second} {
		if got := Limit(time.Now().Add(left)); got > want || got < want-time.Second {
			t.Errorf("of %v they have %v, want %v", left, got, want)
		}
	}
	if got := Limit(time.Time{}); got < 12*time.Hour {
		t.Errorf("without a deadline they have %v", got)
	}
}

// Goal: the line that repeats a run asks for what its environment asked for, never takes an answer from the cache, and gives as
// much time. Method: lines of runs with and without.
func TestCommandRepeats(t *testing.T) {
	for _, name := range repeated {
		t.Setenv(name, "")
	}
	if got := command("./drills/rain", defaultTimeout); got != "go test ./drills/rain -count=1" {
		t.Error(got)
	}
	t.Setenv(Variable, "1")
	t.Setenv(contract.ControlVariable, string(contract.WithoutFault))
	want := "REPRISE_DRILLS=1 REPRISE_CONTROL=without-fault go test . -count=1 -timeout=30m0s"
	if got := command(".", 30*time.Minute); got != want {
		t.Error(got)
	}
	if got := command(".", 0); !strings.HasSuffix(got, " -timeout=0") {
		t.Error(got)
	}
}

// anEngine is one that has nothing.
func anEngine(t *testing.T) {
	t.Helper()
	t.Setenv("DOCKER_HOST", enginetest.Empty(t))
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
}

// aModule is the root of a module with a package of drills, in which the test is from now on.
func aModule(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	testkit.Must(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module example.com/acme\n"), 0o600))
	testkit.Must(t, os.MkdirAll(filepath.Join(root, "drills", "rain"), 0o755))
	t.Chdir(filepath.Join(root, "drills", "rain"))
	return root
}

// Goal: a run leaves its folder with the record and the report below the module, a link to it and one sentence where it is;
// control arms leave no link, and a run without a drill nothing. Method: runs on an engine that has nothing.
func TestRunLeavesItsReport(t *testing.T) {
	anEngine(t)
	ours := flag.Lookup("test.timeout").Value.String()
	testkit.Must(t, flag.Set("test.timeout", "1h"))
	defer func() { testkit.Must(t, flag.Set("test.timeout", ours)) }()
	for _, test := range []struct {
		control contract.Arm
		drills  bool
	}{{contract.WholeDrill, true}, {contract.WithoutFault, true}, {contract.WholeDrill, false}} {
		root := aModule(t)
		var out bytes.Buffer
		run, err := Begin(t.Context(), root, &out)
		testkit.Must(t, err)
		if test.drills {
			record := harness.Record{Schema: harness.RecordSchema, ID: "rain", Scenario: "rain", Title: "Rain falls"}
			record.Judgement = judge.Judge(record)
			testkit.Must(t, reports.WriteRecord(run.Folder, record))
		}
		testkit.Must(t, run.Report(&out, test.control, 7, nil, nil))
		testkit.Must(t, run.End(t.Context(), false))
		page, linked := filepath.Join(run.Folder, "index.html"), filepath.Join(root, "reports", "out", "latest", "index.html")
		_, pageErr := os.Stat(page)
		_, linkErr := os.Stat(linked)
		_, folderErr := os.Stat(run.Folder)
		said := strings.Contains(out.String(), "reprise: the report is "+page+", and the record of each drill lies beside it\n")
		if (pageErr == nil) != test.drills || said != test.drills || (folderErr == nil) != test.drills ||
			(linkErr == nil) != (test.drills && test.control == contract.WholeDrill) {
			t.Errorf("%+v: page %v, link %v, folder %v, said\n%s", test, pageErr, linkErr, folderErr, out.String())
		}
		config := run.Config(contract.Config{Keep: true}, "-ginkgo.focus='"+contract.Spec+"$'", 7)
		if want := "go test ./drills/rain -count=1 -timeout=1h0m0s -ginkgo.focus='Rain falls$'"; config.Repeat("Rain falls") != want {
			t.Errorf("it is repeated with %s", config.Repeat("Rain falls"))
		}
		if config.RunDir != run.Folder || config.Seed != 7 || !config.Keep {
			t.Errorf("the suite is told %+v", config)
		}
	}
}

// Goal: the drills of several packages, which `go test` runs at the same time, wait for each other, and say for whom; who waits
// for longer than `go test` has says that. Method: a second run beside one that ends, and one beside one that does not.
func TestPackagesTakeTurns(t *testing.T) {
	anEngine(t)
	root := aModule(t)
	first, err := Begin(t.Context(), root, t.Output())
	testkit.Must(t, err)
	short, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if _, err := Begin(short, root, t.Output()); err == nil || !strings.Contains(err.Error(), "go test ./drills/rain") {
		t.Errorf("the error is %v", err)
	}
	ended := make(chan error, 1)
	time.AfterFunc(500*time.Millisecond, func() { ended <- first.End(context.Background(), false) })
	var out bytes.Buffer
	second, err := Begin(t.Context(), root, &out)
	testkit.Must(t, err)
	testkit.Expect(t, <-ended, "")
	if !strings.Contains(out.String(), "waiting: this engine is in use (go test ./drills/rain of user ") {
		t.Errorf("said was %q", out.String())
	}
	testkit.Expect(t, second.End(t.Context(), false), "")
	if left, _ := os.ReadDir(module.RunsFolder(root)); len(left) != 0 {
		t.Errorf("left are %v", left)
	}
}
