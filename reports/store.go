package reports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// recordExtension ends the file name of every record, and of nothing else in a run's folder.
const recordExtension = ".json"

// WriteRecord writes the record as <dir>/<record ID>.json and makes the folder if there is none.
// The file appears whole or not at all, and replaces one of the same name.
func WriteRecord(dir string, record harness.Record) error {
	if err := checkID(record.ID); err != nil {
		return fmt.Errorf("write the record of %q: %w", record.Title, err)
	}
	text, err := encode(record)
	if err != nil {
		return fmt.Errorf("write the record %s: %w", record.ID, err)
	}
	return writeFile(filepath.Join(dir, record.ID+recordExtension), text)
}

// checkID refuses what would end up outside the folder or be hidden in it.
func checkID(id string) error {
	switch {
	case id == "":
		return errors.New("it has no id")
	case strings.HasPrefix(id, "."), strings.ContainsAny(id, "/\\\x00"):
		return fmt.Errorf("its id %q is not safe as a file name", id)
	}
	return nil
}

// writeFile writes a file atomically, so that a reader (or the next run, after a crash) never sees half of it.
func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(temporary.Name()) // after the rename there is nothing left to remove
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Chmod(0o644), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// ReadRecord reads one record. A file of an unknown schema is refused: guessing at figures is worse
// than having none.
func ReadRecord(path string) (harness.Record, error) {
	data, err := readFile(path)
	if err != nil {
		return harness.Record{}, fmt.Errorf("read a record: %w", err)
	}
	record, err := parseRecord(data)
	if err != nil {
		return harness.Record{}, fmt.Errorf("read a record: %s: %w", path, err)
	}
	return record, nil
}

// parseRecord reads a record's text.
func parseRecord(data []byte) (harness.Record, error) {
	var version struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return harness.Record{}, fmt.Errorf("it is not one: %w", err)
	}
	if version.Schema != harness.RecordSchema {
		return harness.Record{}, fmt.Errorf("it has the schema %q, but this version of Reprise reads %q only", version.Schema,
			harness.RecordSchema)
	}
	var record harness.Record
	if err := json.Unmarshal(data, &record); err != nil {
		return harness.Record{}, err
	}
	return record, nil
}

// readFile reads a file of a disk. What is none, such as a pipe, could keep the reader waiting for ever.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file: it is a %s", path, kindOf(info.Mode()))
	}
	return os.ReadFile(path)
}

// kindOf names what is no file.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "folder"
	case mode&fs.ModeNamedPipe != 0:
		return "pipe"
	case mode&fs.ModeSocket != 0:
		return "socket"
	}
	return "device"
}

// ReadRecords reads every *.json file of a run's folder, oldest drill first. A folder without
// records, or one that does not exist, gives none; a file that is not a record is an error.
func ReadRecords(dir string) ([]harness.Record, error) {
	paths, err := recordPaths(dir)
	if err != nil {
		return nil, err
	}
	var records []harness.Record
	for _, path := range paths {
		record, err := ReadRecord(path)
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	slices.SortFunc(records, func(a, b harness.Record) int {
		if order := a.Started.Compare(b.Started); order != 0 {
			return order
		}
		return strings.Compare(a.ID, b.ID)
	})
	return records, nil
}

// recordPaths lists the record files of a folder by name.
func recordPaths(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read records: %w", err)
	}
	var paths []string
	for _, entry := range entries {
		hidden := strings.HasPrefix(entry.Name(), ".") // what writeFile left behind when it was killed
		if !entry.IsDir() && !hidden && filepath.Ext(entry.Name()) == recordExtension {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	return paths, nil
}
