package run

import (
	"math/rand/v2"
	"regexp"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/repository"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
)

// Options are which specs a run is about and how it goes.
type Options struct {
	Labels string // expression that the labels of the specs fit; "" fits all
	Focus  string // regular expression that their texts match; "" matches all
	Seed   int64  // of the first pass; each further one has the next
	Repeat int    // passes, at least 1
	Keep   bool   // leave the lab of a failed spec running
	Phase  bool   // put every fault off by a time drawn from the seed, as a run of several passes does

	Folders []string // of suites, see [repository.SourceFolder]; nil means the scenarios that may hold specs with the labels
	Target  string   // of the Makefile, by which the run is repeated; "" means chaos
	Runs    string   // folder that the run makes its own in; "" means that of all runs
	more    []string // environment of the suites that only some of them know
}

// drawsPhase tells whether faults are put off: a run of several passes would otherwise strike at the
// same moment every time.
func (c Options) drawsPhase() bool { return c.Phase || c.Repeat > 1 }

// NewSeed draws a seed that is easy to copy.
func NewSeed() int64 { return rand.Int64N(1_000_000) }

// check says what is wrong with the options before anything is started.
func (c Options) check(known repository.Catalog) error {
	if err := known.CheckLabels(c.Labels); err != nil {
		return err
	}
	if _, err := regexp.Compile(c.Focus); err != nil {
		return usage.Errorf("read the focus %q: %w", c.Focus, err)
	}
	if c.Repeat < 1 {
		return usage.Errorf("repeat %d times: it has to be at least 1", c.Repeat)
	}
	return nil
}
