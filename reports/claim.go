package reports

import (
	"fmt"

	"github.com/reprise-dr/reprise/harness"
)

// otherMiss says which miss was claimed and which was found, where the claim names one and they differ; "" where not.
func otherMiss(record harness.Record) string {
	if !missesDiffer(record) {
		return ""
	}
	found := string(record.Judgement.Verdict)
	if len(record.Judgement.Misses) > 0 {
		found = harness.JoinMisses(record.Judgement.Misses)
	}
	return fmt.Sprintf("claimed: %s; found: %s", harness.JoinMisses(record.Claim.Misses), found)
}

// missesDiffer tells whether a claim that names misses is not met by those that were found.
func missesDiffer(record harness.Record) bool {
	claim, found := record.Claim, record.Judgement.Misses
	return len(claim.Misses) > 0 && record.Judgement.Verdict != "" && len(claim.Unclaimed(found))+len(claim.Unfound(found)) > 0
}
