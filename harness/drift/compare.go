package drift

import (
	"cmp"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// Compare lists what is not the same in two fingerprints, sorted by kind and key. They may be of two
// nodes. Both should have the same Paths: a file that only one looked at differs.
func Compare(before, after harness.Fingerprint) []harness.Difference {
	var differences []harness.Difference
	differ := func(trait harness.Trait, was, is string) {
		differences = append(
			differences,
			harness.Difference{Node: after.Node, Kind: trait.Kind, Key: trait.Key, Before: was, After: is},
		)
	}
	old, now := before.Traits, after.Traits
	for len(old) > 0 || len(now) > 0 {
		switch order := orderOfNext(old, now); {
		case order < 0:
			differ(old[0], present(old[0].Value), "")
			old = old[1:]
		case order > 0:
			differ(now[0], "", present(now[0].Value))
			now = now[1:]
		default:
			if old[0].Value != now[0].Value {
				differ(now[0], present(old[0].Value), present(now[0].Value))
			}
			old, now = old[1:], now[1:]
		}
	}
	return differences
}

// orderOfNext compares the first traits of two lists; the end of a list comes last.
func orderOfNext(old, now []harness.Trait) int {
	switch {
	case len(old) == 0:
		return 1
	case len(now) == 0:
		return -1
	}
	return cmp.Or(cmp.Compare(old[0].Kind, now[0].Kind), strings.Compare(old[0].Key, now[0].Key))
}

// present makes sure that a trait without a value does not look like one that is not there.
func present(value string) string { return cmp.Or(value, "empty") }
