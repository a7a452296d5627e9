package outcome

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2/types"
)

// Labels are those of the specs of the suites, those of whole suites included, in order. A dry run reports every spec, also one
// that is not chosen.
func Labels(suites ...types.Report) []string {
	var labels []string
	for _, suite := range suites {
		for _, spec := range suite.SpecReports {
			labels = append(labels, LabelsOf(suite, spec)...)
		}
	}
	slices.Sort(labels)
	return slices.Compact(labels)
}

// LabelsOf are those by which a spec of the suite can be chosen; what is no spec, such as a BeforeSuite, has none.
func LabelsOf(suite types.Report, spec types.SpecReport) []string {
	if !spec.LeafNodeType.Is(types.NodeTypeIt) {
		return nil
	}
	return slices.Concat(suite.SuiteLabels, spec.Labels())
}

// NothingChosen says in one sentence that no spec of the suites, as a dry run reports them, is chosen by a label expression and a
// regular expression of its text, and what there is to choose from. "" chooses every spec.
func NothingChosen(labels, focus string, suites ...types.Report) string {
	fits, err := types.ParseLabelFilter(labels)
	if err != nil { // the runner has read it before
		fits = func([]string) bool { return true }
	}
	var titles []string
	for _, suite := range suites {
		for _, spec := range suite.SpecReports {
			if its := LabelsOf(suite, spec); spec.LeafNodeType.Is(types.NodeTypeIt) && fits(its) {
				titles = append(titles, Title(spec))
			}
		}
	}
	slices.Sort(titles) // suites are in an order of their own each time
	switch {
	case len(titles) == 0 && labels != "":
		return fmt.Sprintf("no spec fits the labels %q: nothing would be checked; labels that specs carry: %s", labels,
			strings.Join(Labels(suites...), ", "))
	case len(titles) == 0:
		return "there is no spec: nothing would be checked"
	case focus != "":
		return fmt.Sprintf("no spec %sfits the focus %q: nothing would be checked; specs to choose from: %s", with(labels), focus,
			some(titles))
	}
	return fmt.Sprintf("every spec %sis marked as pending: nothing would be checked", with(labels))
}

// with names the labels within a sentence.
func with(labels string) string {
	if labels == "" {
		return ""
	}
	return fmt.Sprintf("with the labels %q ", labels)
}

// mostTitles is how many specs a sentence names.
const mostTitles = 20

func some(titles []string) string {
	text := "\"" + strings.Join(titles[:min(len(titles), mostTitles)], "\", \"") + "\""
	if more := len(titles) - mostTitles; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
