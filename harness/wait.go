package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Wait is one bounded wait for a condition. Keep a package's waits in one table: the figures are
// then in one place, each with its reason.
type Wait struct {
	For      string        // what is waited for, such as "the API of nomad-1 to answer"; errors say it
	Interval time.Duration // from the end of one look to the next one; must be positive
	Limit    time.Duration // after which the wait gives up; 0 means that only the context ends it
	alive    []aliveNode
}

// An aliveNode is a node whose system has to run for the wait to make sense.
type aliveNode struct {
	observer Observer
	name     string
}

// WhileAlive makes the wait end early when the main process of a node's system has ended: then the
// condition cannot come true and there is no reason to wait for the limit.
func (w Wait) WhileAlive(observer Observer, nodes ...string) Wait {
	alive := append([]aliveNode(nil), w.alive...)
	for _, node := range nodes {
		alive = append(alive, aliveNode{observer, node})
	}
	w.alive = alive
	return w
}

// Until looks at the condition at once and then at every interval, and returns nil as soon as it
// returns nil. Otherwise the error tells what was waited for, for how long, and the last error of
// the condition, which it wraps together with the context's error when that ended the wait.
func (w Wait) Until(ctx context.Context, condition func(context.Context) error) error {
	if w.Interval <= 0 {
		return fmt.Errorf("wait for %s: the interval is %v: it must be positive", w.For, w.Interval)
	}
	began := time.Now()
	look, cancel := ctx, context.CancelFunc(func() {})
	if w.Limit > 0 {
		look, cancel = context.WithTimeout(ctx, w.Limit)
	}
	defer cancel()
	timer := time.NewTimer(w.Interval)
	defer timer.Stop()
	var last error
	for {
		err := condition(look)
		if err == nil {
			return nil
		}
		// A look that the end of the wait broke off says less than the one before it.
		if last == nil || look.Err() == nil {
			last = err
		}
		if err := w.dead(look); err != nil {
			return fmt.Errorf("wait for %s: %w: %w", w.For, err, last)
		}
		timer.Reset(w.Interval)
		select {
		case <-look.Done():
			return w.gaveUp(ctx, time.Since(began), last)
		case <-timer.C:
		}
	}
}

// gaveUp tells whether the limit or the caller ended the wait.
func (w Wait) gaveUp(ctx context.Context, waited time.Duration, last error) error {
	waited = waited.Round(time.Millisecond)
	if err := ctx.Err(); err != nil {
		if cause := context.Cause(ctx); cause != err { //nolint:errorlint // the same value, not the same kind
			err = fmt.Errorf("%w: %w", err, cause)
		}
		return fmt.Errorf("wait for %s: broken off after %v: %w: %w", w.For, waited, err, last)
	}
	return fmt.Errorf("wait for %s: not within %v: %w", w.For, waited, last)
}

// errEnded marks a wait that a dead system ended.
var errEnded = errors.New("its system has ended")

// dead returns an error when a node that has to be alive is not.
func (w Wait) dead(ctx context.Context) error {
	for _, node := range w.alive {
		if err := SystemEnded(ctx, node.observer, node.name); err != nil {
			return err
		}
	}
	return nil
}

// SystemEnded is an error when the main process of a node's system has ended, with how it ended and the last that the system has
// printed. A node that cannot be asked is taken to be alive, and so is one that was not started yet.
func SystemEnded(ctx context.Context, observer Observer, node string) error {
	status, err := observer.Status(ctx, node)
	if err != nil || status.Running || status.Ended.IsZero() {
		return nil //nolint:nilerr // who asks looks at other things too, and they say what is wrong
	}
	how := fmt.Sprintf("with exit code %d", status.ExitCode)
	if status.Signal != "" {
		how = fmt.Sprintf("by signal %q", status.Signal)
	}
	if last := lastPrinted(ctx, observer, node, status.Started); last != "" {
		how += ", and has printed last: " + last
	}
	return fmt.Errorf("%s: %w %s", node, errEnded, how)
}

// SystemsEnded are such errors of all nodes of the topology whose system has ended, in the topology's order. All are asked at
// once.
func SystemsEnded(ctx context.Context, observer Observer) []error {
	nodes := observer.Topology().Selected("")
	ended := make([]error, len(nodes))
	var group sync.WaitGroup
	for i, node := range nodes {
		group.Go(func() { ended[i] = SystemEnded(ctx, observer, node.Name) })
	}
	group.Wait()
	return slices.DeleteFunc(ended, func(err error) bool { return err == nil })
}

// lastLines and lastLine are how many lines of a log, and how many bytes of each, an error bears.
const lastLines, lastLine = 3, 200

// waitForLog bounds how long what a system has printed may be on its way into its log. One that has printed nothing costs all of
// it.
var waitForLog = Wait{For: "the log of what has ended", Interval: 50 * time.Millisecond, Limit: 500 * time.Millisecond}

// lastPrinted are the last lines that a system has printed since its start; "" where there are none, or nobody can tell.
func lastPrinted(ctx context.Context, observer Observer, node string, started time.Time) string {
	var last []string
	_ = waitForLog.Until(ctx, func(ctx context.Context) error {
		lines, err := observer.Log(ctx, node, started.Add(-LogDelay))
		if err != nil {
			return err
		}
		for _, line := range slices.Backward(lines) {
			text := strings.ToValidUTF8(strings.TrimSpace(line.Text), "?")
			if text == "" || len(last) == lastLines {
				continue
			}
			if len(text) > lastLine {
				text = strings.ToValidUTF8(text[:lastLine], "") + "..."
			}
			last = append(last, strconv.Quote(text))
		}
		if len(last) == 0 {
			return errors.New("it is empty")
		}
		return nil
	})
	slices.Reverse(last)
	return strings.Join(last, ", ")
}
