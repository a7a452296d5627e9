package judge

import (
	"fmt"
	"slices"

	"github.com/reprise-dr/reprise/harness"
)

// A Reason is a sentence about one miss, or about several of a kind.
type Reason struct {
	misses []harness.Miss
	says   string
}

// because makes a reason.
func because(miss harness.Miss, format string, values ...any) Reason {
	return Reason{[]harness.Miss{miss}, fmt.Sprintf(format, values...)}
}

// Says are the sentences of reasons.
func Says(reasons []Reason) []string {
	var sentences []string
	for _, reason := range reasons {
		sentences = append(sentences, reason.says)
	}
	return sentences
}

// missesOf are the misses of reasons, each once.
func missesOf(reasons []Reason) []harness.Miss {
	var found []harness.Miss
	for _, reason := range reasons {
		for _, miss := range reason.misses {
			if !slices.Contains(found, miss) {
				found = append(found, miss)
			}
		}
	}
	return found
}
