package reports

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// TestRecordsSurviveTheFile proves that a record read back is the record written, to the last
// nanosecond and address. Method: write all made-up records, newest first, and read the folder.
func TestRecordsSurviveTheFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	want := madeUp(t)
	for i := range want {
		if err := WriteRecord(dir, want[len(want)-1-i]); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ReadRecords(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("read %d records, want %d", len(got), len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("record %d: got\n%+v\nwant\n%+v", i, got[i], want[i])
		}
	}
}

// TestWriteRecordReplacesWhole proves that a record replaces an older one and that nothing else
// remains. Method: write twice, list the folder.
func TestWriteRecordReplacesWhole(t *testing.T) {
	dir := t.TempDir()
	record := madeUpDrill(t, "leader-killed")
	for _, title := range []string{"first, with a much longer title than the second one has", "second"} {
		record.Title = title
		if err := WriteRecord(dir, record); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("the folder holds %v (%v), want one file", entries, err)
	}
	if read, err := ReadRecord(filepath.Join(dir, entries[0].Name())); err != nil || read.Title != "second" {
		t.Errorf("read %q (%v), want the second record", read.Title, err)
	}
}

// TestReadRecordsRefuses checks that what is not a record of this version is refused by a sentence
// that names the file. Method: put one such file beside a good record, read the folder.
func TestReadRecordsRefuses(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"an unknown schema": {
			`{"schema": "reprise.record/v9", "slis": "no longer a list"}`,
			`has the schema "reprise.record/v9", but this version of Reprise reads "reprise.record/v1" only`,
		},
		"no schema":    {`{"title": "something else"}`, `has the schema ""`},
		"half a file":  {`{"schema": "reprise.record/v1", "id": "x`, "is not one"},
		"another type": {`{"schema": "reprise.record/v1", "seed": "seven"}`, "seed"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "strange.json")
			if err := WriteRecord(dir, madeUpDrill(t, "leader-killed")); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := ReadRecords(dir)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want an error with %q and %s", err, test.want, path)
			}
		})
	}
}

// TestReadRecordsIgnoresTheRest proves that the other files of a run's folder, what a killed writer
// left and a missing folder are no records and no errors. Method: make them, read.
func TestReadRecordsIgnoresTheRest(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"junit.xml", "index.html", ".drill.json.123", ".hidden.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{dir, filepath.Join(dir, "missing")} {
		if records, err := ReadRecords(dir); err != nil || len(records) != 0 {
			t.Errorf("%s: got %d records (%v), want none", dir, len(records), err)
		}
	}
}

// TestWriteRecordRefusesUnsafeIDs proves that an ID cannot lead out of the folder. Method: try IDs
// that would, and look whether anything was written.
func TestWriteRecordRefusesUnsafeIDs(t *testing.T) {
	for _, id := range []string{"", "../escape", "a/b", `a\b`, ".hidden", "a\x00b"} {
		parent := t.TempDir()
		record := harness.Record{ID: id, Title: "the title"}
		if err := WriteRecord(filepath.Join(parent, "run"), record); err == nil || !strings.Contains(err.Error(), "the title") {
			t.Errorf("id %q: got %v, want an error that names the drill", id, err)
		}
		if entries, _ := os.ReadDir(parent); len(entries) > 0 {
			t.Errorf("id %q: %v was written", id, entries)
		}
	}
}

// TestWrite proves that a run leaves all its files and that "latest" leads to the newest run.
// Method: write two runs beside each other and read the second through the link.
func TestWrite(t *testing.T) {
	out := t.TempDir()
	run := madeUpRun(t)
	for _, name := range []string{"run-1", "run-2"} {
		if err := Write(filepath.Join(out, name), run); err != nil {
			t.Fatal(err)
		}
	}
	if target, err := os.Readlink(filepath.Join(out, "latest")); err != nil || target != "run-2" {
		t.Errorf("latest leads to %q (%v), want run-2, relative", target, err)
	}
	for _, name := range []string{"junit.xml", "summary.md", "metrics.txt", "index.html"} {
		if info, err := os.Stat(filepath.Join(out, "latest", name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	records, err := ReadRecords(filepath.Join(out, "latest"))
	if err != nil || len(records) != len(run.Records) {
		t.Errorf("%d records behind the link (%v), want %d", len(records), err, len(run.Records))
	}
	entries, _ := os.ReadDir(out)
	if len(entries) != 3 {
		t.Errorf("%v, want two runs and one link", entries)
	}
}

// TestWriteRefuses checks the two mistakes that would lose a report. Method: two drills with one
// ID; a real folder where the link belongs.
func TestWriteRefuses(t *testing.T) {
	run := madeUpRun(t)
	twice := run
	twice.Records = append(twice.Records[:1:1], twice.Records[0])
	if err := Write(filepath.Join(t.TempDir(), "run"), twice); err == nil || !strings.Contains(err.Error(), "same record id") {
		t.Errorf("got %v, want an error about the shared id", err)
	}
	out := t.TempDir()
	if err := os.MkdirAll(filepath.Join(out, "latest", "precious"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(out, "run"), run); err == nil || !strings.Contains(err.Error(), "is in the way") {
		t.Errorf("got %v, want an error about the folder in the link's place", err)
	}
	if _, err := os.Stat(filepath.Join(out, "latest", "precious")); err != nil {
		t.Errorf("the folder is gone: %v", err)
	}
}

// TestRejudge proves that the golden records are judged as ever, and that a different judgement is
// reported field by field. Method: judge testdata; then change one stored judgement and judge again.
func TestRejudge(t *testing.T) {
	results, err := Rejudge("testdata")
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != len(madeUp(t)) {
		t.Fatalf("%d records were judged, want %d", len(results), len(madeUp(t)))
	}
	for _, result := range results {
		if len(result.Differences) > 0 {
			t.Errorf("%s: %s", result.Path, strings.Join(result.Differences, "; "))
		}
	}

	dir, record := t.TempDir(), madeUp(t)[0]
	record.Judgement.Verdict, record.Judgement.RTA = harness.Missed, record.Judgement.RTA+time.Nanosecond
	if err := WriteRecord(dir, record); err != nil {
		t.Fatal(err)
	}
	results, err = Rejudge(filepath.Join(dir, record.ID+".json"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"verdict: missed, now met", "rta: 14.366700001s, now 14.3667s"}
	if !reflect.DeepEqual(results[0].Differences, want) {
		t.Errorf("got %q, want %q", results[0].Differences, want)
	}
}

// TestRejudgeRefuses proves that nothing to judge is not success. Method: an empty folder, a missing file.
func TestRejudgeRefuses(t *testing.T) {
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing.json")} {
		if results, err := Rejudge(path); err == nil {
			t.Errorf("%s: got %d results and no error", path, len(results))
		}
	}
}
