package reports

import (
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// migration is work that nobody may notice; the SLI fails in the intervals.
func migration(t *testing.T, id string, noticed ...interval) harness.Record {
	t.Helper()
	record := repeatedWith(t, id, "the instance serves its page", noticed...)
	record.Title = "An instance is migrated, and nobody notices"
	record.Objective = harness.RecordObjective{Unnoticed: true, NoData: true, Dwell: 3 * time.Second, DetectWithin: 12 * time.Second}
	record.Fault.Description, record.WatchedUntil, record.Ledgers = "maintenance: migrate it", 0, nil
	return judged(record)
}

// TestUnnoticedIsAVerdict proves that work which nobody has noticed is met in every report, with that target in the place
// of an RTO, and work that somebody has noticed is missed, alone and repeated. Method: a made-up drill of each.
func TestUnnoticedIsAVerdict(t *testing.T) {
	quiet, loud := migration(t, "quiet"), migration(t, "loud", interval{2 * time.Second, 3 * time.Second})
	for _, test := range []struct {
		record    harness.Record
		says, row string
	}{
		{
			quiet, "Met: nobody noticed it within 12 s",
			"| ✅ | renumbering | An instance is migrated, and nobody notices | - / unnoticed | - / - | nobody | met |",
		},
		{loud, "Missed, not as claimed: noticed 2", " / unnoticed | - / - | self | missed, not as claimed |"},
	} {
		run := Run{Records: []harness.Record{test.record}}
		if got := viewOf(test.record, nil).Sentence; !strings.HasPrefix(got, test.says) {
			t.Errorf("%s: %q, want %q", test.record.ID, got, test.says)
		}
		if summary := render(t, run, "summary"); !strings.Contains(summary, test.row) {
			t.Errorf("%s: the summary lacks %q:\n%s", test.record.ID, test.row, summary)
		}
		if page := render(t, run, "page"); strings.Contains(page, "RTO 0") {
			t.Errorf("%s: the page tells of an RTO that there is not", test.record.ID)
		}
	}
	all, some := Distributions([]harness.Record{quiet, quiet})[0], Distributions([]harness.Record{quiet, loud})[0]
	if all.Verdict != harness.Met || all.Unmeasured != 0 || all.Sentence() != "Nobody may notice: somebody did in 0 of 2 drills." {
		t.Errorf("nobody noticed in either: %s %s", all.Verdict, all.Sentence())
	}
	if some.Verdict != harness.Missed || some.Sentence() != "Nobody may notice: somebody did in 1 of 2 drills." {
		t.Errorf("somebody noticed in one: %s %s", some.Verdict, some.Sentence())
	}
}
