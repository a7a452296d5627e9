package reports

import (
	"html"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/judge"
)

// Goal: a drill that is missed in another way than its claim means says in every format what was claimed and what was
// found; one that is missed as claimed, and one whose claim names no miss, say nothing of the kind. Method: the
// drill with declared time longer than its RTO, under three claims.
func TestClaimedAndFoundMiss(t *testing.T) {
	for _, test := range []struct {
		misses []harness.Miss
		differ bool
	}{{[]harness.Miss{harness.NotRecovered}, true}, {[]harness.Miss{harness.TooLate}, false}, {nil, false}} {
		record := madeUpDrill(t, "reinstall")
		record.Objective.RTO = time.Minute
		record.Claim = harness.Claim{
			Verdict: harness.Missed, Because: "gossip from who has another key is thrown away",
			Misses: test.misses,
		}
		record.Judgement = judge.Judge(record)
		if record.Judgement.AsClaimed == test.differ {
			t.Fatalf("claimed %q, found %q, as claimed: %v", test.misses, record.Judgement.Misses, record.Judgement.AsClaimed)
		}
		for _, format := range []string{"page", "summary", "junit", "metrics", "table"} {
			text := render(t, Run{ID: "run", Records: []harness.Record{record}}, format)
			if told := strings.Contains(text, "not recovered") && strings.Contains(text, "too late"); told != test.differ {
				t.Errorf("%s, claimed %q: the misses are told: %v", format, test.misses, told)
			}
		}
	}
}

// Goal: a question that was held until its time limit is not shown as detected when it was asked. Method: an outage whose
// first failed question of 41.5 ms after t0 was known at 1.84 s.
func TestDetectedWhenKnown(t *testing.T) {
	record := madeUpDrill(t, "leader-killed")
	record.SLIs[0].Intervals[1].From, record.SLIs[0].Intervals[1].Seen = t0+41500*time.Microsecond, t0+1840*time.Millisecond
	record.Judgement = judge.Judge(record)
	page := render(t, Run{ID: "run", Records: []harness.Record{record}}, "page")
	for _, want := range []string{"TTD</abbr></dt><dd>1.84", "+41.5 ms, known at +1.84"} {
		if text := strings.ReplaceAll(html.UnescapeString(page), "\u00a0", " "); !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if sentence := viewOf(record, nil).Outages[0].Sentence; !strings.Contains(sentence,
		"lost at 41.5 ms, known at 1.84 s") {
		t.Errorf("the sentence is %q", sentence)
	}
}
