package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/judge"
)

// leastReserve is the space that is kept for a record before its drill begins. The longest record of a run of all
// scenarios has about a tenth of it.
const leastReserve = 4 << 20

// A RecordFile is the file of a drill that goes on. Its record is replaced while the drill goes, and the last one
// finds room also when the disk has become full meanwhile: space is kept for it, twice as much as the record takes
// or more. A process that is killed leaves the record it has saved last.
type RecordFile struct {
	path, unfinished, named string
	reserve                 *os.File
	nameless                bool // the reserve has no name; else it is named, and locked while this process lives
	reserved                int64
}

// OpenRecord makes the folder if there is none, and keeps the space for the record with that ID.
func OpenRecord(dir, id string) (*RecordFile, error) {
	if err := checkID(id); err != nil {
		return nil, fmt.Errorf("open a record: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open the record %s: %w", id, err)
	}
	file := &RecordFile{
		path: filepath.Join(dir, id+recordExtension), unfinished: filepath.Join(dir, "."+id+unfinishedExtension),
		named: filepath.Join(dir, "."+id+reserveExtension),
	}
	if err := file.open(dir); err != nil {
		return nil, fmt.Errorf("open the record %s: %w", id, err)
	}
	if err := file.keep(leastReserve); err != nil {
		return nil, errors.Join(fmt.Errorf("open the record %s: keep %d MiB for it: %w", id, leastReserve>>20, err), file.drop())
	}
	return file, nil
}

func (f *RecordFile) open(dir string) (err error) {
	if f.reserve, f.nameless = openNameless(dir); f.nameless {
		return nil
	}
	if f.reserve, err = os.OpenFile(f.named, os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return err
	}
	if err := lock(f.reserve); err != nil {
		return errors.Join(fmt.Errorf("another drill of that name writes it: %w", err), f.reserve.Close())
	}
	return nil
}

// Save replaces the record with a newer one of a drill that goes on.
func (f *RecordFile) Save(record harness.Record) error {
	text, err := encode(record)
	if err == nil {
		err = f.keep(2 * int64(len(text)))
	}
	if err == nil {
		err = replace(f.path, f.unfinished, text)
	}
	if err != nil {
		return fmt.Errorf("save the record %s: %w", record.ID, err)
	}
	return nil
}

// Finish replaces the record for the last time. It is written into the space that was kept for it. One that
// still finds no room is left without its evidence and its histories, and says so.
func (f *RecordFile) Finish(record harness.Record) error {
	text, err := encode(record)
	if err == nil {
		err = f.intoReserve(text)
	}
	if err != nil {
		// The space that was kept is used in any case: a shorter record fits into it.
		shorter := withoutEvidence(record, err)
		if text, encodeErr := encode(shorter); encodeErr == nil && f.intoReserve(text) == nil {
			return nil
		}
		return errors.Join(fmt.Errorf("write the record %s: %w", record.ID, err), f.drop())
	}
	return nil
}

// Discard removes the record: there was no drill.
func (f *RecordFile) Discard() error {
	return errors.Join(removeIfThere(f.path), f.drop())
}

// keep makes the reserve at least so large.
func (f *RecordFile) keep(size int64) error {
	size = max(size, leastReserve)
	if size <= f.reserved {
		return nil
	}
	if err := allocate(f.reserve, size); err != nil {
		return err
	}
	f.reserved = size
	return nil
}

// intoReserve makes the reserve the record: its blocks are taken already.
func (f *RecordFile) intoReserve(text []byte) error {
	if _, err := f.reserve.WriteAt(text, 0); err != nil {
		return err
	}
	err := errors.Join(f.reserve.Truncate(int64(len(text))), f.reserve.Sync())
	if err == nil && f.nameless {
		err = giveName(f.reserve, f.named)
	}
	if err == nil {
		err = os.Rename(f.named, f.path)
	}
	if err != nil {
		return err
	}
	return errors.Join(f.reserve.Close(), removeIfThere(f.unfinished))
}

// drop gives the reserve back.
func (f *RecordFile) drop() error {
	return errors.Join(removeIfThere(f.unfinished), removeIfThere(f.named), f.reserve.Close())
}

// withoutEvidence is a record that needs less room.
func withoutEvidence(record harness.Record, because error) harness.Record {
	record.Evidence = nil
	record.Registers = append([]harness.RecordRegister(nil), record.Registers...)
	for i := range record.Registers {
		record.Registers[i].History = nil
	}
	record.Doubts = append(slices.Clip(record.Doubts),
		fmt.Sprintf("the record was too long for the disk, its evidence was left out: %v", because))
	record.Judgement = judge.Judge(record)
	return record
}

func encode(record harness.Record) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(record); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// replace puts a text in the place of a file, so that a reader sees either the old one or the new one, also after
// a crash of the machine.
func replace(path, temporary string, text []byte) error {
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		return errors.Join(err, removeIfThere(temporary))
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// What a process that was killed leaves beside a record.
const (
	reserveExtension    = ".reserve"
	unfinishedExtension = ".unfinished"
	// staleAfter is how long ago the other hidden files were written to be left over: nobody takes as long to write one.
	staleAfter = time.Hour
)

// Sweep removes the hidden files that processes have left in a folder of runs and in the runs' own folders when they
// were killed, and tells which. What a process still writes stays, and so does every record.
func Sweep(runs string) (removed []string, err error) {
	hidden, err := filepath.Glob(filepath.Join(escapeGlob(runs), "*", ".*"))
	if err != nil {
		return nil, fmt.Errorf("sweep %s: %w", runs, err)
	}
	links, err := filepath.Glob(filepath.Join(escapeGlob(runs), "."+latest+".*"))
	if err != nil {
		return nil, fmt.Errorf("sweep %s: %w", runs, err)
	}
	hidden = append(hidden, links...)
	var problems []error
	for _, path := range hidden {
		if !leftOver(path) {
			continue
		}
		if err := removeIfThere(path); err != nil {
			problems = append(problems, fmt.Errorf("sweep up: %w", err))
			continue
		}
		removed = append(removed, path)
	}
	return removed, errors.Join(problems...)
}

// leftOver tells whether nobody writes a hidden file any more.
func leftOver(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.IsDir() {
		return false
	}
	id, isReserve := strings.CutSuffix(path, reserveExtension)
	if !isReserve {
		if id, isUnfinished := strings.CutSuffix(path, unfinishedExtension); isUnfinished {
			return unlocked(id + reserveExtension)
		}
		return time.Since(info.ModTime()) > staleAfter
	}
	return unlocked(id + reserveExtension)
}

// unlocked tells whether nobody holds the reserve; one that is gone is held by nobody.
func unlocked(reserve string) bool {
	file, err := os.Open(reserve)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	defer file.Close()
	return lock(file) == nil
}

// escapeGlob keeps a path from being read as a pattern.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// fill is for file systems that cannot keep space: it is taken by zeros.
func fill(file *os.File, size int64) error {
	zeros := make([]byte, 1<<16)
	for at := int64(0); at < size; at += int64(len(zeros)) {
		if _, err := file.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at); err != nil {
			return err
		}
	}
	return file.Sync()
}
