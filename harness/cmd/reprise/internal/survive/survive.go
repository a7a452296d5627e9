package survive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/leftovers"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/repository"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
	"github.com/reprise-dr/reprise/harness/selftest/survival"
)

// Drill is the run that is broken off, in a folder of its own below runs.
func Drill(ctx context.Context, out io.Writer, runs string, seed int64) error {
	return run.Chaos(ctx, out, run.Options{
		Repeat: 1, Seed: seed, Folders: []string{repository.Selftests + survival.Scenario}, Target: "survive", Runs: runs,
	})
}

// A campaign is one proof: many runs that are broken off.
type campaign struct {
	out         io.Writer
	root        string // of the repository
	folder      string // of the proof
	program     string // that is broken off: this one
	seed        int64
	environment []string // of every run
	temporary   string   // folder for temporary files of the runs, and for the proxy's socket
	proxy       *engineProxy
	engine      engineActions
	finder      traceFinder
	result      survival.Proof
	pending     pendingCell
}

// A pendingCell is a moment of which something may stay until the next run: then it has to go.
type pendingCell struct {
	place  int    // in the report
	cell   string // what its processes are known by
	before traces // before its run
}

// engineActions are what the proof does on the engine by itself, past the proxy.
type engineActions struct {
	look  leftovers.Look
	kill  func(ctx context.Context, container string) error
	clean func(ctx context.Context, run string) (engine.Removed, error)
}

// Prove proves that nothing outlives a run, however it ends.
func Prove(ctx context.Context, out io.Writer, seed int64, moments int, only string) error {
	cells, err := chooseCells(survival.Draw(seed, moments), only)
	if err != nil {
		return err
	}
	connection, err := engine.Connect(ctx)
	if err != nil {
		return err
	}
	defer connection.Close()
	proof, end, err := newCampaign(out, connection.DaemonHost(), seed)
	if err != nil {
		return err
	}
	defer end()
	proof.engine = engineActions{
		look: func(ctx context.Context) (engine.Inventory, error) { return engine.TakeInventory(ctx, connection) },
		kill: func(ctx context.Context, container string) error {
			return engine.KillContainer(ctx, connection, container)
		},
		clean: func(ctx context.Context, run string) (engine.Removed, error) {
			return engine.CleanRun(ctx, connection, run)
		},
	}
	proof.finder.engine = proof.engine.look
	err = proof.all(ctx, cells)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), run.TidyLimit)
	defer cancel()
	_, cleanErr := image.CleanNamed(last, connection, survival.ImageName)
	return errors.Join(err, cleanErr)
}

// chooseCells are the moments that are meant, of all that were drawn.
func chooseCells(drawn []survival.Cell, only string) ([]survival.Cell, error) {
	if len(drawn) == 0 {
		return nil, usage.Errorf("break off at %d moments: it has to be at least 1", len(drawn))
	}
	if only == "" {
		return drawn, nil
	}
	var chosen []survival.Cell
	number, err := strconv.Atoi(only)
	for _, cell := range drawn {
		if err == nil && cell.Number == number || err != nil && strings.Contains(cell.String(), only) {
			chosen = append(chosen, cell)
		}
	}
	if len(chosen) == 0 {
		return nil, usage.Errorf("none of the %d moments is %q: the first one is %q", len(drawn), only, drawn[0])
	}
	return chosen, nil
}

// newCampaign prepares everything but the engine.
func newCampaign(out io.Writer, host string, seed int64) (proof *campaign, end func(), err error) {
	root, err := module.Root()
	if err != nil {
		return nil, nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("find this program: %w", err)
	}
	// A path that is short enough for a socket.
	temporary, err := os.MkdirTemp("", "survive-")
	if err != nil {
		return nil, nil, fmt.Errorf("make a folder for temporary files: %w", err)
	}
	proof = &campaign{
		out: out, root: root, program: program, seed: seed, temporary: temporary,
		folder: filepath.Join(module.RunsFolder(root), module.NewRun(time.Now())), result: survival.NewProof(seed),
	}
	files, cache := filepath.Join(temporary, "tmp"), filepath.Join(temporary, "cache")
	if err = os.MkdirAll(files, 0o700); err == nil {
		proof.proxy, err = newEngineProxy(filepath.Join(temporary, "engine.sock"), host)
	}
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(temporary))
	}
	end = func() { _ = errors.Join(proof.proxy.close(), os.RemoveAll(temporary)) }
	proof.environment, err = environmentOf(proof.proxy.host(), files, cache)
	if err != nil {
		end()
		return nil, nil, err
	}
	proof.finder = traceFinder{
		folders: []string{files}, cache: filepath.Join(cache, "reprise"),
		sources: filepath.Join(root, filepath.FromSlash(repository.Selftests)),
	}
	return proof, end, nil
}

// environmentOf leads a run to the proxy, and its temporary files to where nobody else has any. What Go has compiled
// is shared with everybody: nothing else would come to an end.
func environmentOf(host, files, cache string) ([]string, error) {
	compiled, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		return nil, fmt.Errorf("ask the go command for its cache: %w", err)
	}
	return append(os.Environ(),
		"DOCKER_HOST="+host, "DOCKER_CONTEXT=", "TMPDIR="+files, "XDG_CACHE_HOME="+cache,
		"GOCACHE="+strings.TrimSpace(string(compiled)),
	), nil
}

// all breaks off a run at each moment. One that nobody disturbs comes before them, and shows that runs are green otherwise;
// another one comes after them, and shows that they still are.
func (s *campaign) all(ctx context.Context, cells []survival.Cell) error {
	if err := os.MkdirAll(filepath.Join(s.folder, "survival"), 0o755); err != nil {
		return fmt.Errorf("make the folder of the proof: %w", err)
	}
	if hidden := rulesHidden(ctx); hidden != "" {
		s.result.NotSeen = append(s.result.NotSeen, "rules of the firewall: "+hidden)
	}
	fmt.Fprintf(s.out, "proof %s, seed %d: runs are broken off at %d moments\n", filepath.Base(s.folder), s.seed, len(cells))
	if err := s.undisturbed(ctx, "before"); err != nil {
		return err
	}
	for place, cell := range cells {
		result, err := s.breakOff(ctx, cell)
		if err != nil {
			return fmt.Errorf("break off at moment %d (%s): %w", cell.Number, cell, err)
		}
		s.result.Cells = append(s.result.Cells, result)
		s.result.Duration = time.Since(s.result.Started).Round(time.Second)
		if err := s.keep(); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%2d of %d  %s  %s\n", place+1, len(cells), cell, result.Line())
	}
	err := s.undisturbed(ctx, "after")
	s.result.Duration = time.Since(s.result.Started).Round(time.Second)
	if err := errors.Join(err, s.keep()); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\n%s\n%s\n", s.result.Text(), s.result.Sentence())
	if s.result.Good() != len(s.result.Cells) {
		return run.ErrRed
	}
	return nil
}

// keep writes the result where make readme finds it.
func (s *campaign) keep() error {
	text, err := json.MarshalIndent(s.result, "", "  ")
	if err != nil {
		return fmt.Errorf("write the proof: %w", err)
	}
	if err := os.WriteFile(filepath.Join(s.folder, filepath.FromSlash(survival.File)), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the proof: %w", err)
	}
	return nil
}

// undisturbed makes a run that nobody breaks off: it has to be green, and to leave nothing.
func (s *campaign) undisturbed(ctx context.Context, name string) error {
	run, err := s.prepare(name, s.content(""), false)
	if err != nil {
		return err
	}
	result := survival.Result{Cell: survival.Cell{Action: survival.NoAction}}
	defer func() { run.discard(ctx, result) }()
	if err := run.start(ctx); err != nil {
		return err
	}
	left, err := run.conclude(ctx, &result, time.Now())
	switch {
	case err != nil:
		return err
	case !run.hasEnded() || !run.command.ProcessState.Success():
		return fmt.Errorf("a run that nobody disturbs is not green, so nothing follows from others: see %s", run.output())
	case len(left.things) > 0:
		return fmt.Errorf("a run that nobody disturbs leaves something: %s", strings.Join(left.things, "; "))
	}
	return s.settlePending(ctx)
}

// settlePending holds the moment before this one to its promise: what it kept is gone after the next run.
func (s *campaign) settlePending(ctx context.Context) error {
	place := s.pending.place
	if place >= len(s.result.Cells) || len(s.result.Cells[place].Kept) == 0 {
		return nil
	}
	result := &s.result.Cells[place]
	now, err := s.finder.find(ctx, s.pending.cell, result.Run)
	if err != nil {
		return err
	}
	left := compareTraces(s.pending.before, now, result.Run, false)
	for _, thing := range left.things {
		if slices.Contains(result.Kept, thing) {
			result.Problem("after the next run there was still %s", thing)
		}
	}
	return nil
}

// content is what goes into the drill's image: the same for all runs, or the moment's own for one whose build is broken off.
func (s *campaign) content(own string) string { return filepath.Base(s.folder) + own }

// attempts is how often a run is started for one moment: a machine may be too busy for the moment to be hit.
const attempts = 3

// breakOff breaks a run off at one moment, and says what became of it.
func (s *campaign) breakOff(ctx context.Context, cell survival.Cell) (survival.Result, error) {
	result := survival.Result{Cell: cell}
	if cell.Action == survival.FillFolder && os.Geteuid() != 0 {
		result.Skipped = "only root can mount a small disk"
		return result, nil
	}
	for attempt := range attempts {
		again, err := s.attempt(ctx, &result, attempt)
		if err != nil || !again {
			return result, err
		}
		result.After /= 2
	}
	result.Problem("the phase, or the process to be killed, was over each time")
	return result, nil
}

// attempt starts a run and breaks it off. It says when the run was quicker, and another one has to be started.
func (s *campaign) attempt(ctx context.Context, result *survival.Result, number int) (again bool, err error) {
	name, content := fmt.Sprintf("%02d", result.Number), s.content("")
	if number > 0 {
		name += fmt.Sprintf("-again-%d", number)
	}
	if result.Phase == survival.PhaseImages {
		content = s.content("/" + name)
	}
	run, err := s.prepare(name, content, result.Action == survival.FillFolder)
	if err != nil {
		return false, err
	}
	defer func() { run.discard(ctx, *result) }()
	if err := run.start(ctx); err != nil {
		return false, err
	}
	err = run.reach(ctx, result.Phase, result.After)
	if errors.Is(err, errTooLate) {
		return true, nil
	}
	if err != nil {
		result.Problem("%v", err)
		return false, ctx.Err()
	}
	since, err := run.act(ctx, result.Cell)
	if errors.Is(err, errTooLate) {
		return true, nil
	}
	if err != nil {
		result.Problem("%v", err)
	}
	if _, err := run.conclude(ctx, result, since); err != nil {
		return false, err
	}
	if err := s.settlePending(ctx); err != nil {
		return false, err
	}
	s.pending = pendingCell{place: len(s.result.Cells), cell: run.cell, before: run.before}
	return false, nil
}
