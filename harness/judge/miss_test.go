package judge

import (
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: a claim holds only when exactly the misses that it names were found; one that names none, as in old records,
// holds for every miss. Method: claims of the drill whose declared step of 2 min was longer than its RTO of 1 min, and
// of others with one thing changed.
func TestClaimedMiss(t *testing.T) {
	declared := func(r *harness.Record) { r.Steps[0].Declared = 2 * time.Minute }
	down := func(r *harness.Record) {
		r.SLIs[1].Intervals, r.WatchedUntil = []harness.Interval{up(0, 62), down(63, 200)}, 185*second
		r.SLIs[0].Intervals[2].To = 200 * second
	}
	unbroken := func(r *harness.Record) {
		r.SLIs[0].Intervals, r.SLIs[1].Intervals = []harness.Interval{up(0, 100)}, []harness.Interval{up(0, 100)}
	}
	for name, test := range map[string]struct {
		change func(*harness.Record)
		claim  harness.Claim
		want   bool
	}{
		"claimed for a gossip key, missed by declaration": {declared, claimOf(harness.Missed, harness.NotRecovered), false},
		"too late, as claimed":                            {declared, claimOf(harness.Missed, harness.TooLate), true},
		"an old claim names none":                         {declared, claimOf(harness.Missed), true},
		"more was found": {
			func(r *harness.Record) { declared(r); lose(r, 1, 58*second) },
			claimOf(harness.Missed, harness.TooLate), false,
		},
		"both were claimed": {
			func(r *harness.Record) { declared(r); lose(r, 1, 58*second) },
			claimOf(harness.Missed, harness.TooLate, harness.DataLost), true,
		},
		"less was found":         {declared, claimOf(harness.Missed, harness.TooLate, harness.DataLost), false},
		"not recovered":          {down, claimOf(harness.Missed, harness.NotRecovered), true},
		"the SLI that stays red": {down, claimOf(harness.Missed, harness.NotRecovered.Of("service")), true},
		"another SLI stays red":  {down, claimOf(harness.Missed, harness.NotRecovered.Of("quorum")), false},
		"the unaffected one": {
			func(r *harness.Record) { unaffected(r, up(0, 70), r.SLIs[2].Intervals[1]) },
			claimOf(harness.Missed, harness.UnaffectedFailed.Of("old address")), true,
		},
		"never detected": {unbroken, claimOf(harness.Inconclusive, harness.NeverDetected), true},
		"inconclusive for a doubt": {
			func(r *harness.Record) { r.Doubts = []string{"interrupted"} },
			claimOf(harness.Inconclusive, harness.NeverDetected), false,
		},
		"never detected, and interrupted": {
			func(r *harness.Record) { unbroken(r); r.Doubts = []string{"interrupted"} },
			claimOf(harness.Inconclusive, harness.NeverDetected), false,
		},
		"never detected, and a write lost": {
			func(r *harness.Record) { unbroken(r); lose(r, 1, 58*second) },
			claimOf(harness.Inconclusive, harness.NeverDetected), false,
		},
		"met": {func(*harness.Record) {}, claimOf(harness.Missed, harness.TooLate), false},
	} {
		t.Run(name, func(t *testing.T) {
			record := metRecord()
			test.change(&record)
			record.Claim = test.claim
			if got := Judge(record); got.AsClaimed != test.want {
				t.Errorf("%s, as claimed: %v; found %q, claimed %q", got.Verdict, got.AsClaimed, got.Misses, test.claim.Misses)
			}
		})
	}
}

func claimOf(verdict harness.Verdict, misses ...harness.Miss) harness.Claim {
	return harness.Claim{Verdict: verdict, Misses: misses}
}

// Goal: every cause of a verdict has a kind that a claim of this verdict may name. Method: all cases of the judge.
func TestEveryVerdictHasItsMiss(t *testing.T) {
	for _, test := range verdictCases {
		record := metRecord()
		test.change(&record)
		got := Judge(record)
		if (len(got.Misses) == 0) != (got.Verdict == harness.Met) {
			t.Errorf("%s: %s, found %q", test.name, got.Verdict, got.Misses)
		}
		for _, miss := range got.Misses {
			if err := claimOf(got.Verdict, miss).Validate(); err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
		}
	}
}
