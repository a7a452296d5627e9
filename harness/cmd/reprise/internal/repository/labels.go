package repository

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
)

// CheckLabels says in one sentence what is wrong with a label expression such as
// "renumbering && !nightly": a slip in a label would otherwise choose nothing, or with "!" too much.
func (c Catalog) CheckLabels(expression string) error {
	if _, err := types.ParseLabelFilter(expression); err != nil {
		return usage.Errorf("read the label expression %q: %s: join labels with && and ||, exclude one with !", expression,
			syntaxProblem(err))
	}
	if c.byPattern {
		return nil
	}
	return unknownLabel(expression, c.labels)
}

// Unseen tells whether the expression names a label that the source does not show: a slip, or a label that the author of the
// drills has written in another way than the source can be read for.
func (c Catalog) Unseen(expression string) bool {
	known := slices.Concat(c.labels, plannedLabels)
	for _, folder := range c.Folders {
		known = append(known, path.Base(folder))
	}
	return unknownLabel(expression, known) != nil
}

// unknownLabel refuses an expression that names a label which is none of those known.
func unknownLabel(expression string, known []string) error {
	for _, label := range labelsIn(expression) {
		if !slices.ContainsFunc(known, func(one string) bool { return strings.EqualFold(one, label) }) {
			return usage.Errorf("unknown label %q%s known labels: %s", label, usage.DidYouMean(label, known), strings.Join(known, ", "))
		}
	}
	return nil
}

// mostLabels is how many labels of a folder are tried in every combination.
const mostLabels = 12

// Chosen are the folders that may hold a spec which fits the label expression: some of their labels do, together with their
// name. The others need not be compiled.
func (c Catalog) Chosen(expression string) []string {
	fits, err := types.ParseLabelFilter(expression)
	if err != nil || c.byPattern {
		return c.Folders // one with an error has been refused before
	}
	return slices.DeleteFunc(slices.Clone(c.Folders), func(folder string) bool {
		labels, all := c.carried[folder]
		if !all || len(labels) > mostLabels {
			return false
		}
		for combination := range 1 << len(labels) {
			some := []string{folder}
			for i, label := range labels {
				if combination&(1<<i) != 0 {
					some = append(some, label)
				}
			}
			if fits(some) {
				return false
			}
		}
		return true
	})
}

// patterns are what a label expression may hold besides labels: regular expressions, and sets with
// their keys ("owner: isSubsetOf {a, b}").
var patterns = regexp.MustCompile(`/[^/]*/|[^&|!,()]*:[^{}&|()]*(\{[^}]*\})?`)

// labelsIn lists the labels that the expression names.
func labelsIn(expression string) []string {
	expression = patterns.ReplaceAllString(expression, "")
	var labels []string
	for _, word := range strings.FieldsFunc(expression, func(r rune) bool { return strings.ContainsRune("&|!,()", r) }) {
		if word = strings.TrimSpace(word); word != "" {
			labels = append(labels, word)
		}
	}
	return labels
}

// syntaxProblem is the sentence in the library's error, which is several lines with a picture.
func syntaxProblem(err error) string {
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' })
	for _, line := range slices.Backward(lines) {
		line = strings.TrimSpace(line)
		if strings.ContainsFunc(line, func(r rune) bool { return r >= 'a' && r <= 'z' }) && !strings.Contains(line, "http") {
			return strings.TrimRight(line, ".")
		}
	}
	return "it is not one"
}
