package survival

import (
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: the matrix shows each moment in its place, and the last line counts them.
// Method: a proof in which one moment is red, one was skipped and one kept something.
func TestSurvivalMatrix(t *testing.T) {
	report := NewProof(7)
	for _, cell := range Draw(7, Moments) {
		report.Cells = append(report.Cells, Result{Cell: cell, Gone: 3 * time.Second})
	}
	if report.Sentence() != "40 of 40" || len(report.notes()) != 0 {
		t.Errorf("%s, %q", report.Sentence(), report.notes())
	}
	report.Cells[0].Problem("there was still %s", "process go")
	report.Cells[1].Skipped = "only root can"
	report.Cells[2].Kept = []string{"network lan"}
	if report.Sentence() != "38 of 40" || len(report.notes()) != 3 {
		t.Errorf("%s, %q", report.Sentence(), report.notes())
	}
	testkit.Contains(t, "the matrix", report.Text(),
		"RED: there was still process go", "skipped", "ok, later", "until the next run: network lan",
		"·")
	page := report.Markdown()
	testkit.Contains(t, "the page", page, "**38 of 40**", "a network, which the next run did", "process go", "Seed 7")
	if part := (Proof{Schema: report.Schema, Cells: report.Cells[1:]}); !report.Whole() || part.Whole() {
		t.Error("a part of a proof is taken for a whole one, or a whole one is not")
	}
}
