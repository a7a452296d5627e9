package run

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"unicode"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/repository"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
	"github.com/reprise-dr/reprise/harness/internal/module"
)

// Options are which specs a run is about and how it goes.
type Options struct {
	Labels string // expression that the labels of the specs fit; "" fits all
	Focus  string // regular expression that their texts match; "" matches all
	Seed   int64  // of the first pass; each further one has the next
	Repeat int    // passes, at least 1
	Keep   bool   // leave the lab of the first failed spec running, and skip those that follow
	Phase  bool   // put every fault off by a time drawn from the seed, as a run of several passes does

	// Packages are patterns that name the drills, such as ./drills/...; none means the scenarios in a clone of Reprise, and
	// every package of any other module.
	Packages []string
	Folders  []string // of suites, see [repository.SourceFolder]; nil means those of Packages that may hold specs with the labels
	Target   string   // the subcommand, and target of the Makefile, by which the run is repeated; "" means chaos
	Runs     string   // folder that the run makes its own in; "" means that of all runs
	more     []string // environment of the suites that only some of them know
	program  program  // by which the run is repeated
}

// everyPackage are the drills of a module that is no clone of Reprise.
var everyPackage = []string{"./..."}

// catalog reads what can be chosen from in the module at root.
func (c Options) catalog(ctx context.Context, root string) (repository.Catalog, error) {
	switch {
	case len(c.Packages) == 0 && module.IsReprise(root):
		return repository.ReadCatalog(root)
	case c.Folders != nil:
		return repository.Catalog{}, usage.Errorf("reprise %s tests the harness itself: change into a clone of its repository",
			c.Target)
	case len(c.Packages) == 0:
		return repository.ReadPackages(ctx, root, root, everyPackage)
	}
	here, err := os.Getwd()
	if err != nil {
		return repository.Catalog{}, fmt.Errorf("find the packages: %w", err)
	}
	return repository.ReadPackages(ctx, root, here, c.Packages)
}

// drawsPhase tells whether faults are put off: a run of several passes would otherwise strike at the
// same moment every time.
func (c Options) drawsPhase() bool { return c.Phase || c.Repeat > 1 }

// NewSeed draws a seed that is easy to copy.
func NewSeed() int64 { return rand.Int64N(1_000_000) }

// mostPasses is more than a night has time for. Nobody waits for more, and a page of them could not be opened.
const mostPasses = 1000

// check says what is wrong with the options before anything is started.
func (c Options) check(known repository.Catalog) error {
	for _, typed := range []struct{ what, text string }{{"labels", c.Labels}, {"focus", c.Focus}} {
		if strings.ContainsFunc(typed.text, unicode.IsControl) {
			return usage.Errorf("the %s %q have a control character: no label and no text of a spec has one", typed.what, typed.text)
		}
	}
	if err := known.CheckLabels(c.Labels); err != nil {
		return err
	}
	if _, err := regexp.Compile(c.Focus); err != nil {
		return usage.Errorf("read the focus %q: %w", c.Focus, err)
	}
	if c.Repeat < 1 || c.Repeat > mostPasses {
		return usage.Errorf("repeat %d times: it has to be from 1 to %d", c.Repeat, mostPasses)
	}
	return nil
}
