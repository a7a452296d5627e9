package harness

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Goal: a claim holds only when exactly the misses that it names were found; one that names none, as in old records,
// holds for every miss. Method: claims of the drill whose declared step of 2 min was longer than its RTO of 1 min, and
// of others with one thing changed.
func TestClaimedMiss(t *testing.T) {
	declared := func(r *Record) { r.Steps[0].Declared = 2 * time.Minute }
	down := func(r *Record) {
		r.SLIs[1].Spells, r.WatchedUntil = []Spell{up(0, 62), down(63, 200)}, 185*second
		r.SLIs[0].Spells[2].To = 200 * second
	}
	unbroken := func(r *Record) { r.SLIs[0].Spells, r.SLIs[1].Spells = []Spell{up(0, 100)}, []Spell{up(0, 100)} }
	for name, test := range map[string]struct {
		change func(*Record)
		claim  Claim
		want   bool
	}{
		"claimed for a gossip key, missed by declaration": {declared, claimOf(Missed, NotRecovered), false},
		"too late, as claimed":                            {declared, claimOf(Missed, TooLate), true},
		"an old claim names none":                         {declared, claimOf(Missed), true},
		"more was found": {
			func(r *Record) { declared(r); lose(r, 1, 58*second) },
			claimOf(Missed, TooLate), false,
		},
		"both were claimed": {
			func(r *Record) { declared(r); lose(r, 1, 58*second) },
			claimOf(Missed, TooLate, DataLost), true,
		},
		"less was found":         {declared, claimOf(Missed, TooLate, DataLost), false},
		"not recovered":          {down, claimOf(Missed, NotRecovered), true},
		"the SLI that stays red": {down, claimOf(Missed, NotRecovered.Of("service")), true},
		"another SLI stays red":  {down, claimOf(Missed, NotRecovered.Of("quorum")), false},
		"the unaffected one": {
			func(r *Record) { unaffected(r, up(0, 70), r.SLIs[2].Spells[1]) },
			claimOf(Missed, UnaffectedFailed.Of("old address")), true,
		},
		"never detected": {unbroken, claimOf(Inconclusive, NeverDetected), true},
		"inconclusive for a doubt": {
			func(r *Record) { r.Doubts = []string{"interrupted"} },
			claimOf(Inconclusive, NeverDetected), false,
		},
		"never detected, and interrupted": {
			func(r *Record) { unbroken(r); r.Doubts = []string{"interrupted"} },
			claimOf(Inconclusive, NeverDetected), false,
		},
		"never detected, and a write lost": {
			func(r *Record) { unbroken(r); lose(r, 1, 58*second) },
			claimOf(Inconclusive, NeverDetected), false,
		},
		"met": {func(*Record) {}, claimOf(Missed, TooLate), false},
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

func claimOf(verdict Verdict, misses ...Miss) Claim { return Claim{Verdict: verdict, Misses: misses} }

// Goal: every cause of a verdict has a kind that a claim of this verdict may name. Method: all cases of the judge.
func TestEveryVerdictHasItsMiss(t *testing.T) {
	for _, test := range verdictCases {
		record := metRecord()
		test.change(&record)
		got := Judge(record)
		if (len(got.Misses) == 0) != (got.Verdict == Met) {
			t.Errorf("%s: %s, found %q", test.name, got.Verdict, got.Misses)
		}
		for _, miss := range got.Misses {
			if !slices.Contains(claimable[got.Verdict], miss.Kind()) {
				t.Errorf("%s: %q cannot be claimed of a drill that is %s", test.name, miss, got.Verdict)
			}
		}
	}
}

// Goal: a drill that comes back in time and whose declared step alone is longer than its RTO is not "missed, as claimed"
// when another miss was meant, and the error says both. Method: the drill on the fake clock.
func TestDrillMissedForAnotherReason(t *testing.T) {
	for _, test := range []struct {
		claimed Miss
		want    bool
	}{{NotRecovered, false}, {TooLate, true}} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t)
			drill.Claim(Missed, "gossip from who has another key is thrown away", test.claimed)
			drill.toDetection(t)
			must(t, drill.Repair(t.Context(), fakeRunbook{{Name: "ask the management", Declared: 2 * time.Minute}}))
			err := drill.finishBy(t, 2*time.Second)
			if drill.Record().Judgement.AsClaimed != test.want || (err == nil) != test.want {
				t.Fatalf("claimed %s: %v", test.claimed, err)
			}
			if err != nil && !strings.Contains(err.Error(), "the verdict is missed (too late) and missed (not recovered) was claimed") {
				t.Errorf("the error does not say it all: %v", err)
			}
			must(t, drill.Close(t.Context()))
		})
	}
}

// Goal: a claim that cannot come true is a doubt that says what could be claimed. Method: misses of another verdict, and
// one that there is not.
func TestClaimThatCannotComeTrue(t *testing.T) {
	for _, claim := range []Claim{
		claimOf(Met, TooLate), claimOf(Missed, NeverDetected), claimOf(Missed, "to late"),
		claimOf(Inconclusive, TooLate),
	} {
		if err := claim.validate(); err == nil || !strings.Contains(err.Error(), string(claim.Misses[0])) {
			t.Errorf("%s: %v", claim, err)
		}
	}
	if err := claimOf(Missed).validate(); err == nil || !strings.Contains(err.Error(), "which miss it means") {
		t.Error(err)
	}
	if err := claimOf(Missed, UnaffectedFailed.Of("nginx: 200")).validate(); err != nil {
		t.Error(err)
	}
}
