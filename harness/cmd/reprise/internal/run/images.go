package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/supervise"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
	"github.com/reprise-dr/reprise/harness/lab/turn"
)

// processorsPerBuild is how many a compiler keeps busy before a second build beside it gains more
// than it takes in memory.
const processorsPerBuild = 4

// Images pulls or builds images: in a clone of Reprise those of its fixtures, else those that the suites of packages want, which
// are compiled and make them themselves.
func Images(ctx context.Context, out io.Writer, packages []string) error {
	chosen := Options{Packages: packages, Target: "images"}
	root, ofFixtures, err := chosen.ofFixtures()
	if err != nil {
		return err
	}
	if !ofFixtures {
		known, err := chosen.catalog(ctx, root)
		if err != nil {
			return err
		}
		chosen.Folders = known.Folders
	}
	connection, err := engine.Connect(ctx)
	if err != nil {
		return err
	}
	defer connection.Close()
	lock, err := turn.Take(ctx, connection, engine.Shared, Doing(), image.Plain(out))
	if err != nil {
		return err
	}
	defer lock.Release()
	if ofFixtures {
		return fixtureImages(ctx, out, connection)
	}
	run := &chaosRun{
		Options: chosen, root: root, compile: compileSuites, out: out, lock: lock, color: out == os.Stdout && onTerminal(os.Stdout),
	}
	return run.imagesOfSuites(ctx)
}

// ofFixtures tells whether a command that chooses images is about those of our fixtures, in a clone of Reprise or in no module,
// and not about those of suites. It gives the module's root, "" for none; where packages are named there has to be one.
func (c Options) ofFixtures() (root string, is bool, err error) {
	root, err = module.Root()
	if err != nil && len(c.Packages) > 0 {
		return "", false, err
	}
	return root, len(c.Packages) == 0 && (root == "" || module.IsReprise(root)), nil
}

// fixtureImages makes those of the fixtures and the agent's, and names each.
func fixtureImages(ctx context.Context, out io.Writer, connection *engine.Engine) error {
	wanted := append([]harness.Image{image.Agent()}, fixtures.Images()...)
	references, err := image.Resolve(ctx, connection, wanted, max(1, runtime.NumCPU()/processorsPerBuild), image.Plain(out))
	if err != nil {
		return err
	}
	for index, image := range wanted {
		fmt.Fprintf(out, "%-22s %s\n", image, references[index])
	}
	return nil
}

// imagesOfSuites has each suite make the images of all its specs. One that cannot does not stop the others.
func (r *chaosRun) imagesOfSuites(ctx context.Context) error {
	folder, remove, err := supervise.MakeTemporary()
	if err != nil {
		return err
	}
	defer func() { _ = remove() }() // what stays, `reprise clean` removes
	r.compiled, r.Runs, r.id = folder, folder, "images"
	if err := errors.Join(os.MkdirAll(r.runnerReports(), 0o755), r.compileAll(ctx)); err != nil {
		return err
	}
	plans, err := r.plan(ctx, r.Seed, "")
	if err == nil {
		err = r.makeImages(ctx, []plan{plans})
	}
	if err != nil {
		return err
	}
	failed := 0
	for _, one := range plans {
		failure := one.problem
		if failure == nil {
			failure = r.imageless[one.folder]
		}
		if failure == nil {
			fmt.Fprintf(r.out, "%s: every image of its specs is in the engine\n", one.folder)
			continue
		}
		failed++
		fmt.Fprintf(r.out, "%s: %s\n%s\n", one.folder, failure.Message, failure.Output)
	}
	if failed > 0 {
		return fmt.Errorf("make images: %d of %d suites lack some, as the lines above say", failed, len(plans))
	}
	return nil
}
