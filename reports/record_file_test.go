package reports

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Goal: the record of a drill that goes on can be read at any time, the last one replaces it, and nothing else
// stays. Method: save twice and finish, and look at the folder in between.
func TestRecordFileIsReadableAtAnyTime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	record := madeUpDrill(t, "leader-killed")
	file, err := OpenRecord(dir, record.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"inject", "repair", ""} {
		record.UnderWay = place
		write := file.Save
		if place == "" {
			write = file.Finish
		}
		if err := write(record); err != nil {
			t.Fatal(err)
		}
		if read, err := ReadRecords(dir); err != nil || len(read) != 1 || read[0].UnderWay != place {
			t.Errorf("%q: read %v, %v", place, read, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v (%v), want the record alone", entries, err)
	}
}

// Goal: what killed processes have left goes, what others still write stays, and no record is touched. Method: a
// folder with each kind of them.
func TestSweep(t *testing.T) {
	runs := t.TempDir()
	run := filepath.Join(runs, "20261129-184012-abcd")
	for _, name := range []string{
		".gone.reserve", ".gone.unfinished", ".held.reserve", ".held.unfinished", ".index.html.123",
		".junit.xml.4", "gone.json",
	} {
		if err := writeFile(filepath.Join(run, name), []byte("{")); err != nil {
			t.Fatal(err)
		}
	}
	held, err := os.Open(filepath.Join(run, ".held.reserve"))
	if err != nil || lock(held) != nil {
		t.Fatal(err)
	}
	defer held.Close()
	long := time.Now().Add(-2 * staleAfter)
	if err := os.Chtimes(filepath.Join(run, ".index.html.123"), long, long); err != nil {
		t.Fatal(err)
	}
	removed, err := Sweep(runs)
	var names []string
	for _, path := range removed {
		names = append(names, filepath.Base(path))
	}
	if got, want := strings.Join(names, " "), ".gone.reserve .gone.unfinished .index.html.123"; err != nil || got != want {
		t.Errorf("removed %s (%v), want %s", got, err, want)
	}
}
