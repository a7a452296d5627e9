package labtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// An idleLab notes what is done to a lab, and does nothing of it. What it is asked, the lab answers.
type idleLab struct {
	harness.Lab

	mutex   sync.Mutex
	noted   []string
	command bool
}

// done is everything that was to be done; "" when nothing was.
func (l *idleLab) done() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return strings.Join(l.noted, ", ")
}

// ranCommand tells whether a command was to be run: nobody can say what has become of one that was not.
func (l *idleLab) ranCommand() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.command
}

func (l *idleLab) note(format string, arguments ...any) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.noted = append(l.noted, fmt.Sprintf(format, arguments...))
	return nil
}

// Apply implements harness.Lab, as the methods below do.
func (l *idleLab) Apply(_ context.Context, nodeActions []harness.NodeActions) (harness.Impact, error) {
	var nodes []string
	for _, one := range nodeActions {
		nodes = append(nodes, one.Node)
	}
	return harness.Impact{Before: time.Now()}, l.note("apply actions to %s", strings.Join(nodes, " and "))
}

func (l *idleLab) Exec(_ context.Context, node string, argv ...string) ([]byte, error) {
	l.mutex.Lock()
	l.command = true
	l.mutex.Unlock()
	return nil, errors.Join(l.note("run %q on %s", argv, node), errors.New("this lab runs no command"))
}

func (l *idleLab) WriteFile(_ context.Context, node string, file harness.File) error {
	return l.note("write %s of %s", file.Path, node)
}

func (l *idleLab) RemoveFile(_ context.Context, node, path string) error {
	return l.note("remove %s of %s", path, node)
}

func (l *idleLab) Stop(_ context.Context, node string) error { return l.note("stop %s", node) }

func (l *idleLab) Start(_ context.Context, node string) error { return l.note("start %s", node) }

func (l *idleLab) PowerOn(_ context.Context, node string) error { return l.note("power on %s", node) }

func (l *idleLab) PowerOff(_ context.Context, node string) error {
	return l.note("power off %s", node)
}

func (l *idleLab) Reinstall(_ context.Context, node string) error {
	return l.note("reinstall %s", node)
}

func (l *idleLab) AttachDisk(_ context.Context, disk, node string) error {
	return l.note("attach %s to %s", disk, node)
}

func (l *idleLab) DetachDisk(_ context.Context, disk string) error { return l.note("detach %s", disk) }
