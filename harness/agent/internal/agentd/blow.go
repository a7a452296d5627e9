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

// A deed is an action that is ready to be carried out.
type deed struct {
	action harness.Action
	// do acts, and returns how to undo it; nil when it cannot be undone.
	do func(context.Context) (undo func(context.Context) error, err error)
}

// blows are the prepared ones that nobody has fired yet.
type blows struct {
	mu      sync.Mutex
	last    int
	waiting map[int][]deed
}

func newBlows() *blows { return &blows{waiting: map[int][]deed{}} }

func (b *blows) put(deeds []deed) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	b.waiting[b.last] = deeds
	return b.last
}

func (b *blows) take(id int) ([]deed, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	deeds, ok := b.waiting[id]
	delete(b.waiting, id)
	return deeds, ok
}

func (a *agent) prepare(ctx context.Context, blow protocol.Blow) (protocol.Prepared, error) {
	if len(blow.Actions) == 0 {
		return protocol.Prepared{}, errors.New("no action is given")
	}
	a.processors.strike()
	var deeds []deed
	for _, action := range blow.Actions {
		ready, err := a.ready(ctx, action)
		if err != nil {
			return protocol.Prepared{}, fmt.Errorf("%s: %w", describe(action), err)
		}
		deeds = append(deeds, ready)
	}
	return protocol.Prepared{ID: a.blows.put(deeds)}, nil
}

// ready looks up what an action needs.
func (a *agent) ready(ctx context.Context, action harness.Action) (deed, error) {
	if set := countSet(action.Readdress != nil, action.Signal != nil, action.Link != nil, action.Disk != nil, action.Drop != nil); set != 1 {
		return deed{}, errors.New("exactly one of its fields must be set")
	}
	var err error
	ready := deed{action: action}
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

// fire carries out a prepared blow. One that is to be dealt at once is dealt here. One that waits gets
// a thread of its own, which ends with the blow.
func (a *agent) fire(ctx context.Context, fire protocol.Fire) (protocol.Stamps, error) {
	deeds, ok := a.blows.take(fire.ID)
	if !ok {
		return protocol.Stamps{}, fmt.Errorf("no blow %d is prepared: it was never, or was fired or undone already", fire.ID)
	}
	var stamps protocol.Stamps
	var err error
	if fire.At == 0 {
		stamps, err = a.deal(context.WithoutCancel(ctx), fire.ID, deeds)
	} else {
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread() // and never unlocked: its timers are as they are only for this
			if err = monotonic.Until(ctx, fire.At); err != nil {
				err = fmt.Errorf("wait for the agreed instant: %w", err)
				return
			}
			stamps, err = a.deal(context.WithoutCancel(ctx), fire.ID, deeds)
		}()
		<-done
	}
	if err != nil {
		return protocol.Stamps{}, err
	}
	return stamps, a.afterwards(context.WithoutCancel(ctx), deeds)
}

// deal carries the actions out. When one fails, those before it are undone.
func (a *agent) deal(ctx context.Context, blow int, deeds []deed) (protocol.Stamps, error) {
	stamps := protocol.Stamps{After: make([]protocol.Instant, 0, len(deeds))}
	undos := make([]func(context.Context) error, len(deeds))
	stamps.Began = monotonic.Now()
	for i, deed := range deeds {
		undo, err := deed.do(ctx)
		stamps.After = append(stamps.After, monotonic.Now())
		undos[i] = undo
		if err != nil {
			a.enter(blow, deeds[:i+1], undos)
			undoing := a.journal.revert(ctx, func(e entry) bool { return e.blow == blow })
			return protocol.Stamps{}, errors.Join(fmt.Errorf("%s: %w", describe(deed.action), err), undoing)
		}
	}
	a.enter(blow, deeds, undos)
	return stamps, nil
}

func (a *agent) enter(blow int, deeds []deed, undos []func(context.Context) error) {
	for i, deed := range deeds {
		a.journal.add(entry{blow: blow, action: deed.action, undo: undos[i]})
	}
}

// afterwards does what the blow implies and needs no precise moment: the supervisor must have noticed
// a kill before anybody asks it to start something again, and a node whose processes were all killed
// has lost its power.
func (a *agent) afterwards(ctx context.Context, deeds []deed) error {
	for _, deed := range deeds {
		signal := deed.action.Signal
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
	a.blows.take(prepared.ID)
	return protocol.Nothing{}, a.journal.revert(ctx, func(e entry) bool { return e.blow == prepared.ID })
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
