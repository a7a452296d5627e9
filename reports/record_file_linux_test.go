package reports

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: the last record is written also when the disk became full after the drill began; the records in between are
// errors, and the one before them stays whole. Method: a file system that is filled to its last byte.
func TestRecordFileOnAFullDisk(t *testing.T) {
	dir := smallDisk(t)
	record := madeUpDrill(t, "recovered-by-peers-json")
	file, err := OpenRecord(filepath.Join(dir, "run"), record.ID)
	if err != nil {
		t.Fatal(err)
	}
	record.UnderWay = "inject"
	if err := file.Save(record); err != nil {
		t.Fatal(err)
	}
	fillDisk(t, dir)
	record.UnderWay = "repair"
	if err := file.Save(record); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("a save on a full disk: %v", err)
	}
	if read, err := ReadRecords(filepath.Join(dir, "run")); err != nil || len(read) != 1 || read[0].UnderWay != "inject" {
		t.Errorf("after it: %v, %v", read, err)
	}
	record.UnderWay = ""
	if err := file.Finish(record); err != nil {
		t.Errorf("the last record on a full disk: %v", err)
	}
	if read, err := ReadRecords(filepath.Join(dir, "run")); err != nil || len(read) != 1 || read[0].UnderWay != "" {
		t.Errorf("at the end: %v, %v", read, err)
	}
}

// Goal: a record that is longer than what was kept for it is left without its evidence rather than not at all, and
// is inconclusive then. Method: a full disk, and evidence of 6 MiB.
func TestRecordFileLeavesEvidenceOut(t *testing.T) {
	dir := smallDisk(t)
	record := madeUpDrill(t, "recovered-by-peers-json")
	file, err := OpenRecord(dir, record.ID)
	if err != nil {
		t.Fatal(err)
	}
	fillDisk(t, dir)
	record.Evidence = []harness.Evidence{{Name: "log", Text: strings.Repeat("line\n", 6<<20/5)}}
	if err := file.Finish(record); err != nil {
		t.Fatal(err)
	}
	read, err := ReadRecords(dir)
	if err != nil || len(read) != 1 || len(read[0].Evidence) != 0 || read[0].Judgement.Verdict != harness.Inconclusive {
		t.Errorf("read %v, %v", read, err)
	}
}

// Goal: a drill whose record cannot be written at all does not begin. Method: a disk that is full already.
func TestOpenRecordNeedsSpace(t *testing.T) {
	dir := smallDisk(t)
	fillDisk(t, dir)
	if _, err := OpenRecord(dir, "drill"); err == nil || !strings.Contains(err.Error(), "keep 4 MiB for it") {
		t.Errorf("open: %v", err)
	}
}

// smallDisk mounts a file system of 12 MiB, which takes root.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=12m"); err != nil {
		t.Skipf("a small file system cannot be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}

// fillDisk takes every byte that is left.
func fillDisk(t *testing.T, dir string) {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, size := range []int{1 << 20, 4 << 10, 1} {
		for err = nil; err == nil; {
			_, err = file.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
}
