package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/reprise-dr/reprise/harness/internal/supervise"
	"github.com/reprise-dr/reprise/harness/lab"
)

// imageSuites is how many suites have their images made at the same time. Those that want the same one wait for each other.
const imageSuites = 4

// makeImages has the suites make the images of the specs that will run, side by side, before the first drill: nothing is built
// while one is being timed. What cannot be made is no error yet: its suite says so again when it runs, and is a failure then.
func (r *chaosRun) makeImages(ctx context.Context) error {
	left := lab.NewImagesLeft(r.out, r.color)
	defer left.End()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(imageSuites)
	for _, one := range r.suites {
		if one.program == "" {
			continue
		}
		group.Go(func() error { return r.makeSuiteImages(ctx, one, left) })
	}
	return group.Wait()
}

func (r *chaosRun) makeSuiteImages(ctx context.Context, one suite, left lab.Progress) error {
	program := exec.Command(one.program, r.choosingArguments(r.seed, "")...) // it runs no spec, and writes no report
	program.Dir = r.suiteFolder(one)
	program.Env = slices.Concat(os.Environ(), r.environment(r.seed, ""), []string{"REPRISE_IMAGES=1"})
	temporary, err := lab.TemporaryFolder()
	if err != nil {
		return err
	}
	reader, writer := io.Pipe()
	program.Stdout, program.Stderr = writer, writer
	told := make(chan struct{})
	go func() {
		defer close(told)
		for lines := bufio.NewReader(reader); ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			left.Event(line[:len(line)-1])
		}
	}()
	process, err := supervise.Start(program, supervise.Options{Grace: orphanGrace, Temporary: temporary, Arguments: r.orphans(), Inherited: r.held()})
	if err == nil {
		err = process.WaitOrStop(ctx)
	}
	_ = writer.Close() // of a pipe in memory: it cannot fail
	<-told
	if err != nil && !isExit(err) {
		return err
	}
	return context.Cause(ctx)
}
