package survive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/selftest/survival"
)

// act breaks the run off. It returns the moment from which everything has to go: that of the action, or that from which the
// engine answers again.
func (r *attempt) act(ctx context.Context, cell survival.Cell) (time.Time, error) {
	err := r.perform(ctx, cell)
	if err != nil {
		err = fmt.Errorf("%s: %w", cell.Action, err)
	}
	return time.Now(), err
}

func (r *attempt) perform(ctx context.Context, cell survival.Cell) error {
	switch cell.Action {
	case survival.KillCommand:
		return r.command.Process.Kill()
	case survival.KillSuite:
		return r.killOne(treeProcess.suite)
	case survival.KillSupervisor:
		return r.killOne(treeProcess.supervisor)
	case survival.KillBuild:
		return r.killOne(treeProcess.build)
	case survival.KillAll:
		return killTree("/proc", r.cell)
	case survival.InterruptOnce:
		return r.command.Process.Signal(os.Interrupt)
	case survival.InterruptTwice:
		return r.interruptTwice(ctx)
	case survival.HangUp:
		return r.command.Process.Signal(syscall.SIGHUP)
	case survival.CutEngine:
		return r.cut(ctx, cell)
	case survival.KillAgent:
		return r.killAgent(ctx, cell)
	case survival.FillFolder:
		return fill(r.runs)
	}
	return errors.New("there is no such action")
}

func (r *attempt) killOne(meant func(treeProcess) bool) error {
	tree, err := treeOf("/proc", r.cell)
	if err != nil {
		return err
	}
	return kill(tree, meant)
}

// impatience is between the two interrupts of a person who does not want to wait.
const impatience = 300 * time.Millisecond

func (r *attempt) interruptTwice(ctx context.Context) error {
	if err := r.command.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	timer := time.NewTimer(impatience)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-r.ended: // it was quicker
		return nil
	case <-timer.C:
	}
	err := r.command.Process.Signal(os.Interrupt)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// cut cuts the engine off for as long as the cell says.
func (r *attempt) cut(ctx context.Context, cell survival.Cell) error {
	r.proxy.cutOff(cell.Silent)
	defer r.proxy.restore()
	timer := time.NewTimer(cell.Length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// waitForAgent is for the first agent of a lab that has only just its networks.
var waitForAgent = harness.Wait{For: "an agent", Interval: lookEach, Limit: 5 * time.Second}

// killAgent kills the agent of one of the lab's nodes, another one in each cell.
func (r *attempt) killAgent(ctx context.Context, cell survival.Cell) error {
	return waitForAgent.Until(ctx, func(ctx context.Context) error {
		inventory, err := r.engine.look(ctx)
		if err != nil {
			return err
		}
		agents := agentsOf(inventory, r.id())
		if len(agents) == 0 {
			return errors.New("the lab has none")
		}
		return r.engine.kill(ctx, agents[cell.Number%len(agents)].ID)
	})
}

// agentsOf are the containers that hold the agents of a run's lab. That of a trial of the engine has their image too, and
// no node.
func agentsOf(inventory engine.Inventory, run string) []engine.Item {
	return slices.DeleteFunc(slices.Clone(inventory.Containers), func(item engine.Item) bool {
		return item.Run != run || item.Image != agentImage || item.Node == ""
	})
}

// agentImage is the name of the agents' image.
var agentImage = agent.Image().Name

// smallDisk is the size of the disk that is filled: a run begins on none that is smaller.
const smallDisk = 640 << 20

// mountSmall puts the run's folder on a small disk in memory.
func (r *attempt) mountSmall() error {
	options := fmt.Sprintf("size=%d,mode=0755", smallDisk)
	if err := syscall.Mount("survival", r.runs, "tmpfs", 0, options); err != nil {
		return fmt.Errorf("mount a small disk for the report: %w", err)
	}
	r.mount = true
	return nil
}

// unmount keeps what is on the small disk, and takes it away.
func (r *attempt) unmount() error {
	if !r.mount {
		return nil
	}
	_ = os.Remove(filepath.Join(r.runs, fillerName)) // it takes up all the room
	kept := r.runs + "-kept"
	copyErr := os.CopyFS(kept, os.DirFS(r.runs))
	if err := syscall.Unmount(r.runs, 0); err != nil {
		return fmt.Errorf("take the small disk away: %w", err)
	}
	r.mount = false
	if copyErr != nil {
		return fmt.Errorf("keep what was on the small disk: %w", copyErr)
	}
	return errors.Join(os.Remove(r.runs), os.Rename(kept, r.runs))
}

const fillerName = "filler"

// fill takes all the room that a folder's disk has.
func fill(folder string) error {
	file, err := os.Create(filepath.Join(folder, fillerName))
	if err != nil {
		return err
	}
	defer file.Close()
	for block := make([]byte, 1<<20); len(block) > 0; {
		_, err := file.Write(block)
		switch {
		case errors.Is(err, syscall.ENOSPC): // what does not fit as a whole may fit in part
			block = block[:len(block)/2]
		case err != nil:
			return err
		}
	}
	return nil
}
