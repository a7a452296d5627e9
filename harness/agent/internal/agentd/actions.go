//go:build linux

package agentd

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/monotonic"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// A prepared action is an action that is ready to be carried out.
type preparedAction struct {
	action harness.Action
	// do acts, and returns how to undo it; nil when it cannot be undone.
	do func(context.Context) (undo func(context.Context) error, err error)
}

// pendingActions are the prepared ones that nobody has fired yet.
type pendingActions struct {
	mu      sync.Mutex
	last    int
	waiting map[int][]preparedAction
}

func newPendingActions() *pendingActions { return &pendingActions{waiting: map[int][]preparedAction{}} }

func (p *pendingActions) put(actions []preparedAction) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	p.waiting[p.last] = actions
	return p.last
}

func (p *pendingActions) take(id int) ([]preparedAction, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	actions, ok := p.waiting[id]
	delete(p.waiting, id)
	return actions, ok
}

func (a *agent) prepare(ctx context.Context, asked protocol.NodeActions) (protocol.Prepared, error) {
	if len(asked.Actions) == 0 {
		return protocol.Prepared{}, errors.New("no action is given")
	}
	a.processors.impact()
	var actions []preparedAction
	for _, action := range asked.Actions {
		ready, err := a.ready(ctx, action)
		if err != nil {
			return protocol.Prepared{}, fmt.Errorf("%s: %w", describe(action), err)
		}
		actions = append(actions, ready)
	}
	return protocol.Prepared{ID: a.pending.put(actions)}, nil
}

// ready looks up what an action needs.
func (a *agent) ready(ctx context.Context, action harness.Action) (preparedAction, error) {
	if set := countSet(action.Readdress != nil, action.Signal != nil, action.Link != nil, action.Disk != nil,
		action.Drop != nil); set != 1 {
		return preparedAction{}, errors.New("exactly one of its fields must be set")
	}
	var err error
	ready := preparedAction{action: action}
	switch {
	case action.Readdress != nil:
		ready.do, err = a.network.readyReaddress(*action.Readdress)
	case action.Signal != nil:
		ready.do, err = a.readySignal(ctx, *action.Signal)
	case action.Link != nil:
		ready.do, err = a.network.readyLink(*action.Link)
	case action.Disk != nil:
		ready.do, err = a.system.readyDisk(ctx, *action.Disk)
	case action.Drop != nil:
		ready.do, err = readyDrop(*action.Drop)
	}
	return ready, err
}

// countSet is how many of the fields are set.
func countSet(fields ...bool) int {
	set := 0
	for _, field := range fields {
		if field {
			set++
		}
	}
	return set
}

// fire carries out a prepared action. One that is due at once is executed here. One that waits gets
// a thread of its own, which ends with the action.
func (a *agent) fire(ctx context.Context, fire protocol.Fire) (protocol.Stamps, error) {
	actions, ok := a.pending.take(fire.ID)
	if !ok {
		return protocol.Stamps{}, fmt.Errorf("no action %d is prepared: it was never, or was fired or undone already", fire.ID)
	}
	var stamps protocol.Stamps
	var err error
	if fire.At == 0 {
		stamps, err = a.execute(context.WithoutCancel(ctx), fire.ID, actions)
	} else {
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread() // and never unlocked: its timers are as they are only for this
			if err = monotonic.Until(ctx, fire.At); err != nil {
				err = fmt.Errorf("wait for the agreed instant: %w", err)
				return
			}
			stamps, err = a.execute(context.WithoutCancel(ctx), fire.ID, actions)
		}()
		<-done
	}
	if err != nil {
		return protocol.Stamps{}, err
	}
	return stamps, a.afterwards(context.WithoutCancel(ctx), actions)
}

// execute carries the actions out. When one fails, those before it are undone.
func (a *agent) execute(ctx context.Context, id int, actions []preparedAction) (protocol.Stamps, error) {
	stamps := protocol.Stamps{After: make([]protocol.Instant, 0, len(actions))}
	undos := make([]func(context.Context) error, len(actions))
	stamps.Began = monotonic.Now()
	for i, preparedAction := range actions {
		undo, err := preparedAction.do(ctx)
		stamps.After = append(stamps.After, monotonic.Now())
		undos[i] = undo
		if err != nil {
			a.enter(id, actions[:i+1], undos)
			undoing := a.journal.revert(ctx, func(e entry) bool { return e.id == id })
			return protocol.Stamps{}, errors.Join(fmt.Errorf("%s: %w", describe(preparedAction.action), err), undoing)
		}
	}
	a.enter(id, actions, undos)
	return stamps, nil
}

func (a *agent) enter(id int, actions []preparedAction, undos []func(context.Context) error) {
	for i, preparedAction := range actions {
		a.journal.add(entry{id: id, action: preparedAction.action, undo: undos[i]})
	}
}

// afterwards does what the action implies and needs no precise moment: the supervisor must have noticed
// a kill before anybody asks it to start something again, and a node whose processes were all killed
// has lost its power.
func (a *agent) afterwards(ctx context.Context, actions []preparedAction) error {
	for _, preparedAction := range actions {
		signal := preparedAction.action.Signal
		switch {
		case signal == nil || signal.Name != "KILL":
		case signal.All:
			if err := a.system.off(ctx); err != nil {
				return err
			}
		case signal.Process != "":
			// The supervisor knows only the main process.
		default:
			if err := a.system.awaitKilled(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *agent) undo(ctx context.Context, prepared protocol.Prepared) (protocol.Nothing, error) {
	a.pending.take(prepared.ID)
	return protocol.Nothing{}, a.journal.revert(ctx, func(e entry) bool { return e.id == prepared.ID })
}

// describe names an action in errors.
func describe(action harness.Action) string {
	switch {
	case action.Readdress != nil:
		return fmt.Sprintf("readdress %v to %v", action.Readdress.From, action.Readdress.To)
	case action.Signal != nil:
		return describeSignal(*action.Signal)
	case action.Drop != nil && action.Drop.Verify:
		return fmt.Sprintf("verify that what comes from %v is dropped", action.Drop.From)
	case action.Drop != nil && action.Drop.Lift:
		return fmt.Sprintf("let through what comes from %v", action.Drop.From)
	case action.Drop != nil:
		return fmt.Sprintf("drop what comes from %v", action.Drop.From)
	case action.Link != nil && action.Link.Verify:
		return "verify that the links are down"
	case action.Link != nil && action.Link.Up:
		return "take the links up"
	case action.Link != nil:
		return "take the links down"
	case action.Disk != nil:
		return describeDisk(*action.Disk)
	}
	return "an action without a field"
}

// describeSignal names an action in errors.
func describeSignal(action harness.Signal) string {
	switch {
	case action.All:
		return "send " + action.Name + " to every process"
	case action.Process != "":
		return "send " + action.Name + " to " + action.Process
	}
	return "send " + action.Name + " to the main process"
}
