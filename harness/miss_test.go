package harness

import (
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a claim that cannot come true is a doubt that says what could be claimed. Method: misses of another verdict, and
// one that there is not.
func TestClaimThatCannotComeTrue(t *testing.T) {
	for _, claim := range []Claim{
		{Verdict: Met, Misses: []Miss{TooLate}},
		{Verdict: Missed, Misses: []Miss{NeverDetected}},
		{Verdict: Missed, Misses: []Miss{"to late"}},
		{Verdict: Inconclusive, Misses: []Miss{TooLate}},
	} {
		testkit.Expect(t, claim.Validate(), string(claim.Misses[0]))
	}
	if err := (Claim{Verdict: Missed}).Validate(); err == nil || !strings.Contains(err.Error(), "which miss it means") {
		t.Error(err)
	}
	testkit.Expect(t, (Claim{Verdict: Missed, Misses: []Miss{UnaffectedFailed.Of("nginx: 200")}}).Validate(), "")
}
