package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/supervise"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
	"github.com/reprise-dr/reprise/reports"
)

// Clean removes what labs have left on the engine and what runs and builds have left on this machine; built images and the
// reports of all runs too when that is asked for.
func Clean(ctx context.Context, out io.Writer, images, reports bool) error {
	err := cleanEngine(ctx, out, images)
	err = errors.Join(err, cleanHidden(out))
	if reports {
		err = errors.Join(err, cleanReports(out))
	}
	return err
}

// cleanEngine removes what labs have created and says what that was.
func cleanEngine(ctx context.Context, out io.Writer, images bool) error {
	connection, err := engine.Connect(ctx)
	if err != nil {
		return err
	}
	defer connection.Close()
	ended, err := engine.EndOrphans(ctx, connection)
	release, lockErr := cleanTurn(ctx, connection, out)
	if lockErr != nil {
		return errors.Join(err, lockErr)
	}
	removed, cleanErr := engine.Clean(ctx, connection)
	stages, stagesErr := image.CleanStages(ctx, connection)
	removed.Images, err = stages.Images, errors.Join(err, stagesErr)
	if images {
		built, imagesErr := image.Clean(ctx, connection)
		removed.Images, err = append(removed.Images, built.Images...), errors.Join(err, imagesErr)
	}
	removed.Processes = ended
	err = errors.Join(err, cleanErr, release())
	files, filesErr := image.CleanCache()
	removed.Files, err = files, errors.Join(err, filesErr)
	files, filesErr = cleanRuns()
	removed.Files, err = append(removed.Files, files...), errors.Join(err, filesErr)
	if removed.Empty() && err == nil {
		fmt.Fprintln(out, "nothing to remove: no lab has left anything on the engine, and no run or build on this machine")
		return nil
	}
	fmt.Fprint(out, describeRemoved(removed))
	return err
}

// cleanTurn takes the engine alone, so that nothing new appears while it is cleaned; release leaves no lock behind. Whoever
// uses the engine is named, and loses what is there: that is what cleaning is for.
func cleanTurn(ctx context.Context, connection *engine.Engine, out io.Writer) (release func() error, err error) {
	lock, err := engine.TakeLock(ctx, connection, engine.Exclusive, Doing(), image.Plain(out).Event)
	if errors.Is(err, engine.ErrInUse) {
		fmt.Fprintf(out, "reprise: %v; its labs are removed all the same\n", err)
		return func() error { return nil }, nil
	}
	if err != nil {
		return nil, err
	}
	return lock.Remove, nil
}

// cleanRuns removes what runs that were broken off have left in their folders: files that were being written, and folders
// in which no drill has left a record. Records stay, those of a drill that was cut off too.
func cleanRuns() ([]string, error) {
	root, err := module.Root()
	if err != nil {
		return nil, nil //nolint:nilerr // outside of a module there are no runs
	}
	removed, err := reports.Sweep(module.RunsFolder(root))
	folders, readErr := os.ReadDir(module.RunsFolder(root))
	if readErr != nil && !errors.Is(readErr, fs.ErrNotExist) {
		return removed, errors.Join(err, fmt.Errorf("look for the folders of runs: %w", readErr))
	}
	for _, folder := range folders {
		path := filepath.Join(module.RunsFolder(root), folder.Name())
		if !folder.IsDir() || hasResult(path) || !module.IsRun(folder.Name()) {
			continue
		}
		gone, removeErr := supervise.RemoveUnused(path)
		if gone {
			removed = append(removed, path)
		}
		err = errors.Join(err, removeErr)
	}
	return removed, err
}

// hasResult tells whether a run's folder has anything that somebody may want to read.
func hasResult(folder string) bool {
	for _, pattern := range []string{"*.json", "*.html", "*.md"} {
		if found, err := filepath.Glob(filepath.Join(folder, pattern)); err != nil || len(found) > 0 {
			return true
		}
	}
	return false
}

// describeRemoved has a line per kind of thing.
func describeRemoved(removed engine.Removed) string {
	var text strings.Builder
	for _, kind := range []struct {
		noun  string
		names []string
	}{
		{"containers", removed.Containers},
		{"networks", removed.Networks},
		{"volumes", removed.Volumes},
		{"images", removed.Images},
		{"processes of a run that was over", removed.Processes},
		{"files of runs and builds that were broken off", removed.Files},
	} {
		if len(kind.names) > 0 {
			fmt.Fprintf(&text, "removed %d %s: %s\n", len(kind.names), kind.noun, strings.Join(kind.names, " "))
		}
	}
	return text.String()
}

// cleanHidden removes what runs that were killed have left beside their records.
func cleanHidden(out io.Writer) error {
	root, err := module.Root()
	if err != nil {
		return nil //nolint:nilerr // outside of a module there are no runs
	}
	removed, err := reports.Sweep(module.RunsFolder(root))
	if len(removed) > 0 {
		fmt.Fprintf(out, "removed %d unfinished files of runs that were killed\n", len(removed))
	}
	return err
}

// cleanReports removes the folders of all runs. A module that is no clone of Reprise may have reports of its own beside them.
func cleanReports(out io.Writer) error {
	root, err := module.Root()
	if err != nil {
		return err
	}
	folder := module.RunsFolder(root)
	runs, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("list the reports: %w", err)
	}
	removed := 0
	for _, run := range runs {
		if !module.IsReprise(root) && !module.IsRun(run.Name()) && run.Name() != "latest" {
			continue
		}
		removed++
		if err := os.RemoveAll(filepath.Join(folder, run.Name())); err != nil {
			return fmt.Errorf("remove the report %s: %w", run.Name(), err)
		}
	}
	fmt.Fprintf(out, "removed %d reports from %s\n", removed, folder)
	return nil
}
