package reports

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Goal: what would lose a report is known before the run begins, in a sentence that says what to do. Method:
// put it in the way of a run's folder, each at a time.
func TestPrepareFindsWhatWouldLoseTheReport(t *testing.T) {
	file := func(t *testing.T, elements ...string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(elements...), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, root string) (dir string)
		want    []string
	}{
		{"the folder of reports is a file", func(t *testing.T, root string) string {
			file(t, root, "out")
			return filepath.Join(root, "out", "run")
		}, []string{"out is a file", "move it away"}},
		{"latest is a folder", func(t *testing.T, root string) string {
			if err := os.Mkdir(filepath.Join(root, "latest"), 0o700); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(root, "run")
		}, []string{"latest is in the way: it is not a link", "move it away"}},
		{"latest is a file", func(t *testing.T, root string) string {
			file(t, root, "latest")
			return filepath.Join(root, "run")
		}, []string{"latest is in the way: it is not a link"}},
		{"the folder of reports is a link to where nothing is", func(t *testing.T, root string) string {
			if err := os.Symlink("/nowhere/reports", filepath.Join(root, "out")); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(root, "out", "run")
		}, []string{"out is a link to /nowhere/reports, where there is no folder: make that, or remove the link"}},
		{
			"nobody may write there", func(*testing.T, string) string { return "/proc/self/net/run" },
			[]string{"make the run's folder", "writable"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := Prepare(test.prepare(t, t.TempDir()))
			if err == nil {
				t.Fatal("it is not found")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v lacks %q", err, want)
				}
			}
		})
	}
}

// Goal: a disk that is nearly full is found before the run begins. Method: free space on both sides of what is needed.
func TestPrepareWantsSpace(t *testing.T) {
	for _, test := range []struct {
		free, files, freeFiles uint64
		want                   string
	}{
		{neededSpace, 1 << 20, 1 << 19, ""},
		{neededSpace, 0, 0, ""},
		{5 << 20, 1 << 20, 1 << 19, "5 MiB are free, a run needs 512: make room first"},
		{neededSpace, 1 << 20, 3, "room for 3 more files only"},
	} {
		err := enoughSpace("/out", test.free, test.files, test.freeFiles)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%d bytes, %d of %d files: %v, want %q", test.free, test.freeFiles, test.files, err, test.want)
		}
	}
}

// Goal: a place that is fit stays as it was: an empty folder for the run and nothing else. Method: prepare it twice, once with
// a link beside it.
func TestPrepareLeavesNothing(t *testing.T) {
	out := t.TempDir()
	for range 2 {
		if err := Prepare(filepath.Join(out, "run")); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(filepath.Join(out, "run"))
		if beside, _ := os.ReadDir(out); err != nil || len(entries) > 0 || len(beside) > 2 {
			t.Errorf("%v, %v beside it, %v", entries, beside, err)
		}
		_ = os.Symlink("run", filepath.Join(out, latest))
	}
}

// Goal: a run without drills does not hide the newest run that has some; where there is none, it can be found. Method: an empty
// run, one with drills, another empty one.
func TestEmptyRunLeavesLatestWhereItIs(t *testing.T) {
	out := t.TempDir()
	for _, step := range []struct {
		name string
		run  Run
		want string
	}{{"first", Run{}, "first"}, {"second", madeUpRun(t), "second"}, {"third", Run{}, "second"}} {
		if err := Write(filepath.Join(out, step.name), step.run); err != nil {
			t.Fatal(err)
		}
		if target, err := os.Readlink(filepath.Join(out, latest)); err != nil || target != step.want {
			t.Errorf("after the %s run, latest leads to %q (%v), want %q", step.name, target, err, step.want)
		}
	}
}
