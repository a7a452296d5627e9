package reports

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/reprise-dr/reprise/harness"
)

// latest is the name of the link that stands beside the runs' folders and leads to the newest.
const latest = "latest"

// Write writes a run's folder: one <record ID>.json per drill, junit.xml, summary.md, metrics.txt
// and index.html; then it turns the link "latest" beside the folder to it. Files of an earlier Write
// into the same folder are replaced. A run without records does not take the link from one that has some.
func Write(dir string, run Run) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if err := checkRecords(run.Records); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	for _, record := range run.Records {
		if err := WriteRecord(dir, record); err != nil {
			return err
		}
	}
	files := []struct {
		name  string
		write func(io.Writer, runView) error
	}{{"junit.xml", writeJUnit}, {"summary.md", writeSummary}, {"metrics.txt", writeMetrics}, {PageFile, writePage}}
	view := viewOfRun(run)
	for _, file := range files {
		var text bytes.Buffer
		if err := file.write(&text, view); err != nil {
			return fmt.Errorf("write %s: %w", file.name, err)
		}
		if err := writeFile(filepath.Join(dir, file.name), text.Bytes()); err != nil {
			return err
		}
	}
	return linkLatest(dir, len(run.Records))
}

// PageFile is the name of the page in a run's folder.
const PageFile = "index.html"

// WritePage draws the page alone into a run's folder, and leaves the link as it is: for control arms, which are no drills.
func WritePage(dir string, run Run) error {
	page, err := os.Create(filepath.Join(dir, PageFile))
	if err == nil {
		err = errors.Join(Page(page, run), page.Close())
	}
	if err != nil {
		return fmt.Errorf("draw the control arms: %w", err)
	}
	return nil
}

// checkRecords refuses records that would overwrite each other.
func checkRecords(records []harness.Record) error {
	seen := map[string]string{}
	for _, record := range records {
		if other, taken := seen[record.ID]; taken {
			return fmt.Errorf("the drills %q and %q have the same record id %q", other, record.Title, record.ID)
		}
		seen[record.ID] = record.Title
	}
	return nil
}

// linkLatest turns the link to the folder in one step: a reader always finds a run behind it. A run
// without a drill leaves a link that leads to one where it is.
func linkLatest(dir string, drills int) error {
	link, leads, err := latestLink(dir)
	if err != nil || link == dir || leads && drills == 0 {
		return err
	}
	temporary := temporaryLink(dir)
	if err := os.Symlink(filepath.Base(dir), temporary); err != nil {
		return fmt.Errorf("link the latest report: %w", err)
	}
	if err := os.Rename(temporary, link); err != nil {
		return errors.Join(fmt.Errorf("link the latest report: %w", err), os.Remove(temporary))
	}
	return nil
}
