package plaintest_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/harness/suite/plaintest"
)

// A framework that suite and drilltest do not know begins a run by itself, and reports what its drills have left.
func Example() {
	_ = func(t *testing.T, root string) error {
		ctx, stop := plaintest.Interruptible(time.Time{})
		defer stop()
		run, err := plaintest.Begin(ctx, root, os.Stdout)
		if err != nil {
			return err
		}
		defer run.End(context.Background(), false)             //nolint:errcheck // an example
		_ = run.Config(contract.Config{}, "-run=TestDrill", 7) // for the drills
		return run.Report(os.Stdout, contract.WholeDrill, 7, nil, nil)
	}
}
