package survive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/selftest/survival"
	"github.com/reprise-dr/reprise/reports"
)

// The limits of one moment.
const (
	// goneWithin is how long everything may take to be gone: an agent's lease, and what the engine needs for the rest.
	goneWithin = agent.Lease + 10*time.Second
	// reachLimit is how long a run may take to come to a phase, an image's build included.
	reachLimit = 6 * time.Minute
	// ownEnd is how long a run may take that an action does not end.
	ownEnd   = 6 * time.Minute
	lookEach = 30 * time.Millisecond
	// settleEach is longer: a look at everything takes the machine some work.
	settleEach = 500 * time.Millisecond
)

// A attempt is the run of the drill that is to be broken off.
type attempt struct {
	*campaign
	cell   string // what its processes are known by
	folder string // of what is kept of it
	runs   string // where it makes its own folder
	mount  bool   // runs is a small disk of its own

	content string // of its image
	before  traces

	command *exec.Cmd
	ended   chan struct{} // closed when the command has ended; nil when it was never started
}

// output is the file that keeps what the run says.
func (r *attempt) output() string { return filepath.Join(r.folder, "output.txt") }

// prepare makes the folders of a run, with its own folder on a small disk when that is to become full.
func (s *campaign) prepare(name, content string, small bool) (*attempt, error) {
	folder := filepath.Join(s.folder, "survival", name)
	run := &attempt{
		campaign: s, cell: filepath.Base(s.folder) + "/" + name, folder: folder, runs: filepath.Join(folder, "runs"), content: content,
	}
	if err := os.MkdirAll(run.runs, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of a run: %w", err)
	}
	if small {
		return run, run.mountSmall()
	}
	return run, nil
}

// start looks at what is there, and starts the command.
func (r *attempt) start(ctx context.Context) error {
	var err error
	if r.before, err = r.finder.find(ctx, r.cell, ""); err != nil {
		return err
	}
	output, err := os.Create(r.output())
	if err != nil {
		return fmt.Errorf("keep what a run says: %w", err)
	}
	defer output.Close()
	r.command = exec.Command(r.program, "survive", "--drill", r.runs, "--seed", fmt.Sprint(r.seed)) //nolint:gosec // this program
	r.command.Dir, r.command.Stdout, r.command.Stderr = r.root, output, output
	r.command.Env = append(slices.Clone(r.environment), cellVariable+"="+r.cell, survival.ContentVariable+"="+r.content)
	// A group of its own: what a person does to this program reaches the runs by way of it.
	r.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := r.command.Start(); err != nil {
		return fmt.Errorf("start a run: %w", err)
	}
	r.ended = make(chan struct{})
	go func() {
		defer close(r.ended)
		_ = r.command.Wait() // how it ended is in its state
	}()
	return nil
}

// discard ends what is left of the run, so that it does not spoil the next one: only what has been told of, and what a proof
// leaves that is interrupted itself.
func (r *attempt) discard(ctx context.Context, result survival.Result) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), run.TidyLimit)
	defer cancel()
	var problems []error
	if r.ended != nil && (!r.hasEnded() || len(result.Problems) > 0) {
		problems = append(problems, killTree("/proc", r.cell))
		<-r.ended
	}
	if id := r.id(); id != "" && (len(result.Problems) > 0 || result.Run == "") {
		_, err := r.engine.clean(ctx, id)
		problems = append(problems, err)
	}
	if len(result.Problems) > 0 {
		for _, folder := range r.finder.folders {
			for _, path := range entriesOf(folder) {
				problems = append(problems, os.RemoveAll(path))
			}
		}
	}
	problems = append(problems, r.unmount())
	if err := errors.Join(problems...); err != nil {
		fmt.Fprintf(r.out, "reprise: clean up after %s: %v\n", r.cell, err)
	}
}

// hasEnded tells whether the command has.
func (r *attempt) hasEnded() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// id is the name of the run's folder, "" before there is one.
func (r *attempt) id() string {
	paths, _ := filepath.Glob(filepath.Join(r.runs, "[0-9]*")) // as NewRun names it
	if len(paths) == 0 {
		return ""
	}
	return filepath.Base(paths[0])
}

// record is the record of the drill, as it is now. The second result is false when there is none.
func (r *attempt) record() (harness.Record, bool, error) {
	id := r.id()
	if id == "" {
		return harness.Record{}, false, nil
	}
	records, err := reports.ReadRecords(filepath.Join(r.runs, id))
	if err != nil || len(records) == 0 {
		return harness.Record{}, false, err
	}
	return records[0], true, nil
}

// phase is where the run is; "" before its first one.
func (r *attempt) phase(ctx context.Context) (survival.Phase, error) {
	record, there, err := r.record()
	if there || err != nil {
		return phaseOf(record), err
	}
	inventory, err := r.engine.look(ctx)
	if err != nil {
		return "", err
	}
	ours := func(item engine.Item) bool { return item.Run != "" && item.Run == r.id() }
	if slices.ContainsFunc(slices.Concat(inventory.Networks, inventory.Containers), ours) {
		return survival.PhaseLabStart, nil
	}
	tree, err := treeOf("/proc", r.cell)
	if err != nil {
		return "", err
	}
	building := func(item engine.Item) bool { return item.Image == survival.ImageName && item.Run == "" }
	if slices.ContainsFunc(tree, treeProcess.build) || slices.ContainsFunc(inventory.Containers, building) {
		return survival.PhaseImages, nil
	}
	return "", nil
}

// phaseOf is the phase of a drill under way, from what its record says.
func phaseOf(record harness.Record) survival.Phase {
	place := strings.TrimPrefix(record.UnderWay, "after ")
	for _, known := range []struct {
		steps []string
		phase survival.Phase
	}{
		{[]string{"inject", "detect"}, survival.PhaseInject},
		{[]string{"repair"}, survival.PhaseRepair},
		{[]string{"await recovery"}, survival.PhaseAwait},
		{[]string{"reconcile"}, survival.PhaseReconcile},
		{[]string{"judge", "close"}, survival.PhaseClose},
	} {
		for _, step := range known.steps {
			if strings.HasPrefix(place, step) {
				return known.phase
			}
		}
	}
	if place == "" {
		return survival.PhaseClose // the drill is over, and its lab is being taken away
	}
	return survival.PhaseBaseline
}

// errTooLate says that a phase, or the process that was to be killed in it, had ended before the run could be broken off.
var errTooLate = errors.New("it was over already")

// reach returns so long after the run has come to a phase.
func (r *attempt) reach(ctx context.Context, wanted survival.Phase, after time.Duration) error {
	awaited := harness.Wait{For: "the phase " + string(wanted), Interval: lookEach, Limit: reachLimit}
	var ended, late bool
	err := awaited.Until(ctx, func(ctx context.Context) error {
		ended = r.hasEnded()
		now, err := r.phase(ctx)
		if err != nil {
			return err
		}
		late = slices.Index(survival.Phases, now) > slices.Index(survival.Phases, wanted)
		if ended || late || now == wanted {
			return nil
		}
		return fmt.Errorf("the run is at %q", now)
	})
	switch {
	case err != nil:
		return err
	case ended:
		return fmt.Errorf("the run ended before it came to the phase %s: %s", wanted, r.command.ProcessState)
	case late:
		return errTooLate
	}
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
	}
	now, err := r.phase(ctx)
	if err == nil && now != wanted && (wanted != survival.PhaseImages || now != "") || r.hasEnded() {
		err = errTooLate
	}
	return err
}

// conclude waits until the command has ended and nothing is left, and says what is not as promised.
func (r *attempt) conclude(ctx context.Context, result *survival.Result, since time.Time) (residue, error) {
	deadline := since.Add(goneWithin)
	if !result.Action.EndsRun() {
		since = r.awaitEnd(ctx)
		deadline = since.Add(goneWithin)
	}
	result.Run = r.id()
	left, err := r.awaitNothing(ctx, result, deadline)
	if err != nil {
		return left, err
	}
	result.Gone, result.Kept = time.Since(since).Round(time.Millisecond), left.kept
	for _, thing := range left.things {
		result.Problem("%v later there was still %s", goneWithin, thing)
	}
	r.checkEnd(result)
	r.checkRecord(result)
	return left, nil
}

// awaitNothing returns when the command has ended and nothing of the run is left, or with what there is at the deadline.
func (r *attempt) awaitNothing(ctx context.Context, result *survival.Result, deadline time.Time) (residue, error) {
	for {
		ended := r.hasEnded() // asked first: what it does at its end shows in what is found
		now, err := r.finder.find(ctx, r.cell, result.Run)
		if err != nil {
			return residue{}, err
		}
		left := compareTraces(r.before, now, result.Run, result.Action == survival.KillAll)
		if ended && len(left.things) == 0 || time.Now().After(deadline) {
			return left, nil
		}
		timer := time.NewTimer(settleEach)
		select {
		case <-ctx.Done():
			timer.Stop()
			return left, context.Cause(ctx)
		case <-timer.C:
		}
	}
}

// awaitEnd returns when the run has ended by itself, or has had long enough to.
func (r *attempt) awaitEnd(ctx context.Context) time.Time {
	limited, cancel := context.WithTimeout(ctx, ownEnd)
	defer cancel()
	select {
	case <-r.ended:
	case <-limited.Done():
	}
	return time.Now()
}

// checkEnd says what is wrong with how the command has ended.
func (r *attempt) checkEnd(result *survival.Result) {
	if !r.hasEnded() {
		result.Ended = "it goes on"
		result.Problem("the command goes on")
		return
	}
	result.Ended = r.command.ProcessState.String()
	if r.command.ProcessState.Success() {
		result.Problem("the run was green")
	}
	if text, err := os.ReadFile(filepath.Join(r.runs, r.id(), "junit.xml")); err == nil && namesNoFailure(string(text)) {
		result.Problem("junit.xml names no failure")
	}
}

// junitCounts are in the first element of junit.xml.
var junitCounts = regexp.MustCompile(`<testsuites [^>]*failures="(\d+)" errors="(\d+)"`)

// namesNoFailure tells whether a junit.xml says that everything went well.
func namesNoFailure(junit string) bool {
	counts := junitCounts.FindStringSubmatch(junit)
	return counts == nil || counts[1] == "0" && counts[2] == "0"
}

// checkRecord says what is wrong with the record of the drill that was under way.
func (r *attempt) checkRecord(result *survival.Result) {
	record, there, err := r.record()
	switch {
	case err != nil:
		result.Problem("the record cannot be read: %v", err)
		return
	case !there && result.Phase.Drilling():
		result.Problem("there is no record of the drill that was under way")
		return
	case !there:
		result.Record = "none: no drill was under way"
		return
	}
	judgement := record.Judgement
	result.Record = fmt.Sprintf("%s: %s", judgement.Verdict, strings.Join(judgement.Reasons, "; "))
	if finished(record) && (result.Phase == survival.PhaseClose || !result.Action.EndsRun()) {
		return // the drill had been judged, or went on to its end: its verdict stands, and the run is red all the same
	}
	if judgement.Verdict != harness.Inconclusive {
		result.Problem("the record says %s", result.Record)
	}
	if where := record.UnderWay + strings.Join(record.Doubts, ""); where == "" {
		result.Problem("the record does not say where the drill was: %s", result.Record)
	}
}

// finished tells whether a drill has come to its end and was judged there.
func finished(record harness.Record) bool { return record.UnderWay == "" && len(record.Doubts) == 0 }
