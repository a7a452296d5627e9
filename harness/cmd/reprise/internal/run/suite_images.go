package run

import (
	"bufio"
	"context"
	"io"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/reprise-dr/reprise/harness/lab/image"
	"github.com/reprise-dr/reprise/reports"
)

// imageSuites is how many suites have their images made at the same time. Those that want the same one wait for each other.
const imageSuites = 4

// noImages is why the specs of a suite never ran.
const noImages = "its images could not be made"

// makeImages has the suites make the images of the specs that will run, side by side, before the first drill: nothing is built
// while one is being timed. A suite whose images cannot be made, or were not since somebody killed their builds, is a failure
// and does not run; the others do.
func (r *chaosRun) makeImages(ctx context.Context, plans []plan) error {
	left := image.NewStatusLine(r.out, r.color)
	defer left.End()
	r.imageless = map[string]*reports.Failure{}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(imageSuites)
	for _, one := range r.suites {
		if !slices.ContainsFunc(plans, func(chosen plan) bool { return chosen.chooses(one) }) {
			continue
		}
		group.Go(func() error {
			failure, err := r.makeSuiteImages(ctx, one, left)
			mu.Lock()
			defer mu.Unlock()
			r.imageless[one.folder] = failure
			return err
		})
	}
	return group.Wait()
}

func (r *chaosRun) makeSuiteImages(ctx context.Context, one suite, left image.Progress) (*reports.Failure, error) {
	reader, writer := io.Pipe()
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
	out := &tail{to: writer}
	config := r.config(one, r.Seed, "")
	config.Images = true
	runner, process, err := suiteProcess{
		path: one.program, folder: r.suiteFolder(one), out: out, orphans: r.orphans(), held: r.held(),
		arguments:   r.choosingArguments(r.Seed, ""), // it runs no spec, and writes no report
		environment: append(config.Environment(), r.more...),
	}.start()
	if err == nil {
		err = process.WaitOrStop(ctx)
	}
	_ = writer.Close() // of a pipe in memory: it cannot fail
	<-told
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err == nil:
		return nil, nil
	case !isExit(err):
		return nil, err
	}
	end, err := endingOf(runner, false, err)
	return suiteFailure(one, noImages+": "+end.status, out.text()), err
}
