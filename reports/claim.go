package reports

import (
	"fmt"
	"strings"

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

// missMetrics are the claimed and the found misses of the drills in which they differ.
func missMetrics(text *strings.Builder, records []harness.Record) {
	described := false
	for _, record := range records {
		if !missesDiffer(record) {
			continue
		}
		if !described {
			describe(text, metric{name: "reprise_miss", help: "1 for each miss of a drill whose claim means another one than was found."})
			described = true
		}
		for side, misses := range [][]harness.Miss{record.Claim.Misses, record.Judgement.Misses} {
			for _, miss := range misses {
				sample(text, "reprise_miss", labels(record)+fmt.Sprintf(`,miss="%s",side="%s"`,
					labelEscapes.Replace(string(miss)), []string{"claimed", "found"}[side]), 1)
			}
		}
	}
}
