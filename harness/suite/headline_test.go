package suite

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/suite/outcome"
)

// failing is what a matcher says that does not match.
func failing(check func(gomega.Gomega)) string {
	var message string
	check(gomega.NewGomega(func(said string, _ ...int) { message = said }))
	return message
}

// headline is what an outcome says of a spec that failed with the message, before where.
func headline(message string) string {
	spec := types.SpecReport{State: types.SpecStateFailed, Failure: types.Failure{Message: message}}
	return strings.TrimSuffix(outcome.Message(spec), "\n.:0")
}

// Goal: a failure is one sentence without dumps of what a matcher was given, and the whole text is kept; other texts stay as they
// are. Method: Gomega's own messages.
func TestHeadlineOfAMatcher(t *testing.T) {
	const neverBroke = "detect: the steady state never broke within 5m0s"
	cause := fmt.Errorf("detect: %w within 5m0s", harness.ErrNotDetected)
	many := harness.JoinErrors(errors.New("one {is} wrong"), cause)
	for _, test := range []struct{ message, want string }{
		{failing(func(g gomega.Gomega) { g.Expect(cause).To(gomega.Succeed()) }), neverBroke},
		{failing(func(g gomega.Gomega) { g.Expect(cause).NotTo(gomega.HaveOccurred()) }), neverBroke},
		{
			failing(func(g gomega.Gomega) { g.Expect(many).To(gomega.Succeed(), "the shop sells.") }),
			"the shop sells: one {is} wrong; " + neverBroke,
		},
		{failing(func(g gomega.Gomega) { g.Expect(3).To(gomega.Equal(4)) }), "Expected 3 to equal 4"},
		{
			failing(func(g gomega.Gomega) { g.Expect(struct{ Rain []int }{[]int{1}}).To(gomega.BeNil()) }),
			"Expected {Rain: [1]} to be nil",
		},
		{"still raining", "still raining"},
		{"still raining\nand cold", "still raining and cold"},
	} {
		if got := headline(test.message); got != test.want {
			t.Errorf("%q, want %q, of\n%s", got, test.want, test.message)
		}
	}
	if long := failing(func(g gomega.Gomega) {
		g.Expect(fmt.Errorf("x: %w", errors.New(strings.Repeat("long ", 5000)))).To(gomega.Succeed())
	}); strings.Contains(headline(long), "Gomega") || strings.Contains(headline(long), "{") {
		t.Errorf("of a long one it is %q", headline(long))
	}

	var ended outcome.Outcome
	spec := types.SpecReport{LeafNodeType: types.NodeTypeIt, LeafNodeText: "falls", State: types.SpecStateFailed}
	spec.Failure.Message = failing(func(g gomega.Gomega) { g.Expect(cause).To(gomega.Succeed()) })
	spec.Failure.Location = types.CodeLocation{FileName: "/drills/rain_test.go", LineNumber: 7}
	ended.AddSpecs("flood", types.Report{SpecReports: types.SpecReports{spec}}, "", nil)
	if failure := ended.Failures[0]; failure.Message != neverBroke+"\nrain_test.go:7" ||
		failure.Details != spec.Failure.Message {
		t.Errorf("the failure is %+v", failure)
	}
}
