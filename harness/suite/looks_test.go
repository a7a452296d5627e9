package suite

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Why a spec may look for itself.
const (
	inPeace     = "it is before Baseline: the drill has no samples yet from which anything follows"
	noDrill     = "the spec is no drill, and keeps no record that could say otherwise"
	noProbe     = "what it waits for is no probe's claim, and in no record"
	ownSamples  = "it reads what the drill itself has seen"
	secondSight = "a second look beside the drill's is what it is for: the two are compared afterwards"
)

// looks are the places where a spec looks for itself, by folder, file and call, each with the reason why it may. Everywhere
// else a spec waits for what the drill has seen (AwaitUp, AwaitDown).
var looks = map[string]string{
	"drift/drift_test.go Consistently":                                     noDrill,
	"drift/drift_test.go unchanged.Check":                                  noDrill,
	"drift/drift_test.go drift.NoDrift(before, fixtures.DriftFirst).Check": noDrill,
	"drift/drift_test.go awaitServices.Until":                              noDrill,
	"drift/drift_test.go awaitStill.Until":                                 noDrill,
	"selftest/verdicts/flag_test.go wait.Until":                            inPeace,
	"selftest/verdicts/second_observer_test.go probe.Check":                secondSight,
	"nodeloss/nodeloss_test.go cluster.WaitReady":                          inPeace,
	"questions/questions_test.go awaitServers.Until":                       inPeace,
	"readonlyroot/mistakes_test.go Eventually":                             ownSamples,
	"renumbering/egress_test.go byNewAddress().Check":                      noDrill,
	"renumbering/dns_test.go happy.Check":                                  "how long one page takes is in no sample",
	"renumbering/dns_test.go Eventually":                                   noProbe,
	"renumbering/outside_test.go Eventually":                               noDrill,
	"routerfailover/failover_test.go drill.site.AwaitMaster":               inPeace,
	"routerfailover/routerfailover_test.go site.AwaitMaster":               inPeace,
	"routerfailover/splitbrain_test.go twoMastersFor.Until":                ownSamples,
	"singlenode/dns_test.go awaitComplaint.Until":                          noProbe,
	"virtualisation/drbd_guest_test.go Eventually":                         noDrill,
	"virtualisation/drbd_splitbrain_test.go Eventually":                    noProbe,
	"virtualisation/masterloss_test.go pinged.Until":                       noProbe,
	"virtualisation/pair_test.go restored.Until":                           inPeace,
	"virtualisation/pair_test.go probe.Check":                              inPeace,
	"virtualisation/pair_test.go ganeti.Agreed(node1, node2).Check":        inPeace,
}

// Goal: no spec goes on because of a look of its own while the drill samples the same: the record may say otherwise, since
// the samples are taken at other moments. Method: find every call that looks or polls in the specs, outside of probes, and
// compare it with a list that has a reason for each.
func TestSpecsWaitForWhatTheDrillHasSeen(t *testing.T) {
	found := map[string]bool{}
	for _, path := range specFiles(t) {
		for _, call := range looksIn(t, path) {
			at := strings.TrimPrefix(strings.TrimPrefix(filepath.ToSlash(path), "../../scenarios/"), "../") + " " + call
			found[at] = true
			if looks[at] == "" {
				t.Errorf("%s: it looks for itself: wait for what the drill has seen (AwaitUp, AwaitDown), or say in this file why not", at)
			}
		}
	}
	for at := range looks {
		if !found[at] {
			t.Errorf("%s: it is not there any more", at)
		}
	}
}

// specFiles are the files of all specs. Calibration measures what others measure and has no drill.
func specFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"../../scenarios/*/*_test.go", "../selftest/verdicts/*_test.go"} {
		matches, err := filepath.Glob(pattern)
		if err != nil || len(matches) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(matches), err)
		}
		files = append(files, matches...)
	}
	return files
}

// looksIn are the calls in a file that look, without those by which a probe looks.
func looksIn(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	testkit.Must(t, err)
	file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
	testkit.Must(t, err)
	var found []string
	ast.Inspect(file, func(node ast.Node) bool {
		if literal, is := node.(*ast.CompositeLit); is && literal.Type != nil && types.ExprString(literal.Type) == "probe.Func" {
			return false
		}
		if call, is := node.(*ast.CallExpr); is && isLook(call) {
			found = append(found, types.ExprString(call.Fun))
		}
		return true
	})
	return found
}

// isLook tells by its name and its arguments whether a call looks, or polls until something holds.
func isLook(call *ast.CallExpr) bool {
	switch function := call.Fun.(type) {
	case *ast.Ident:
		return slices.Contains([]string{"Eventually", "Consistently"}, function.Name)
	case *ast.SelectorExpr:
		name := function.Sel.Name
		return slices.Contains([]string{"WaitReady", "AwaitMaster", "Eventually", "Consistently"}, name) ||
			slices.Contains([]string{"Check", "Until"}, name) && len(call.Args) == 2
	}
	return false
}

// Goal: the rule finds what it forbids. Method: every way to look, and some that are none.
func TestLooksAreFound(t *testing.T) {
	for text, want := range map[string]bool{
		"Eventually(ctx, ask)": true, "probe.Check(ctx, drill.Lab)": true, "wait.Until(ctx, look)": true,
		"cluster.WaitReady(ctx, lab, probe)": true,
		"drill.AwaitUp(ctx, probe)":          false, "drill.AwaitRecovery(ctx, steady)": false, "time.Until(moment)": false,
		"prediction.Until(ready)": false,
	} {
		expression, err := parser.ParseExpr(text)
		testkit.Must(t, err)
		if call, is := expression.(*ast.CallExpr); !is || isLook(call) != want {
			t.Errorf("%s: found %v, want %v", text, !want, want)
		}
	}
}
