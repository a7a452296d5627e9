//go:build linux

package agentd

import (
	"runtime"
	"sync"
)

// processors decides how many threads may run Go code. Executing actions takes many: one that returns
// from a system call must never wait for another that has been suspended. Asking questions takes
// one: every further thread is woken for each question in the hope of work, and that alone costs as
// much as a question. An agent that asks and has no action to execute uses one.
type processors struct {
	many int // before the first question

	mu      sync.Mutex
	asking  int
	striker bool
}

func newProcessors() *processors { return &processors{many: runtime.GOMAXPROCS(0)} }

// ask counts a question that is being asked until the returned function is called.
func (p *processors) ask() (finish func()) {
	p.count(1)
	return func() { p.count(-1) }
}

func (p *processors) count(change int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asking += change
	p.set()
}

// strike is called before the first action is prepared. The node of an action may see another.
func (p *processors) impact() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.striker = true
	p.set()
}

func (p *processors) set() {
	wanted := p.many
	if p.asking > 0 && !p.striker {
		wanted = 1
	}
	if runtime.GOMAXPROCS(0) != wanted {
		runtime.GOMAXPROCS(wanted)
	}
}
