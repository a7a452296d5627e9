package reports

import (
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/judge"
)

// TestRehearsalsAreTold proves that every report tells what was tried before the fault, and that only a rehearsal that
// failed changes what the drill's sentence says. Method: render a met drill with a rehearsal that works, then with one
// that does not, in every format for people.
func TestRehearsalsAreTold(t *testing.T) {
	works := harness.RecordRehearsal{Name: "restoring the backup", From: t0 - 3*time.Second, To: t0 - time.Second}
	fails := works
	fails.Error = "3 posts are missing"
	for name, test := range map[string]struct {
		rehearsal           harness.RecordRehearsal
		sentence            string
		page, others, never string
	}{
		"works": {
			works, "Met: back after 14.4 s", `aria-hidden="true">✓</span> works`,
			"rehearsed before any fault: restoring the backup: took 2 s, works", "does not work",
		},
		"fails": {
			fails, "Missed, not as claimed: restoring the backup does not work, so no fault was injected",
			"3 posts are missing", "took 2 s, does not work: 3 posts are missing", "✓</span> works",
		},
	} {
		record := madeUpDrill(t, "recovered-by-peers-json")
		record.Rehearsals = []harness.RecordRehearsal{test.rehearsal}
		record.Judgement = judge.Judge(record)
		run := Run{ID: "one", Records: []harness.Record{record}}
		if got := viewOf(record, nil).Sentence; !strings.HasPrefix(got, test.sentence) {
			t.Errorf("%s: the sentence is %q", name, got)
		}
		page := render(t, run, "page")
		for _, want := range []string{
			test.page, "Rehearsed before any fault",
			"<td class=\"number\">-3\u00a0s</td><td class=\"number\">2\u00a0s</td>",
		} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %q", name, want)
			}
		}
		for _, format := range []string{"summary", "junit"} {
			if text := render(t, run, format); !strings.Contains(text, test.others) {
				t.Errorf("%s: %s lacks %q", name, format, test.others)
			}
		}
		if strings.Contains(page, test.never) {
			t.Errorf("%s: the page says %q", name, test.never)
		}
	}
	alone := Run{Records: []harness.Record{{Title: "nothing but a rehearsal", Rehearsals: []harness.RecordRehearsal{works}}}}
	if text := render(t, alone, "summary"); !strings.Contains(text, "restoring the backup: took 2 s") {
		t.Errorf("a drill that measured nothing else has no details:\n%s", text)
	}
}
