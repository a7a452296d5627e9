package labtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
)

// A badFile is a fault that is right: it writes a file of a node, which was not there, and takes it away again. Each field breaks
// it in one way.
type badFile struct {
	node      string
	describes string
	accepts   bool // nodes that are not there
	guesses   bool // it proves what it has not seen
	early     time.Duration
	none      bool // it returns nothing
	fails     bool // to inject
	unproved  bool
	wordless  bool          // it proves nothing in particular
	stays     bool          // a revert does nothing
	lingers   time.Duration // the proof holds that much longer than the fault, which is no mistake
	once      bool          // it can be reverted once only
	leaves    string
	deaf      bool // it goes on after the end of its context
	sulks     bool // a revert after a recovery is an error
	panics    bool
}

const badPath = "/etc/bad"

// deafness is how long what is deaf goes on.
const deafness = time.Hour

func (b badFile) Describe() string { return b.describes }

func (b badFile) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	if _, known := lab.Topology().Node(b.node); !known && !b.accepts {
		return nil, fmt.Errorf("there is no node %q", b.node)
	}
	switch {
	case b.panics:
		panic("no such thing")
	case b.fails:
		return nil, errors.New("the disk is full")
	case b.none:
		return nil, nil
	case b.deaf:
		<-time.After(deafness)
		return nil, nil
	}
	at := time.Now().Add(-b.early)
	err := lab.WriteFile(ctx, b.node, harness.File{Path: badPath, Data: []byte("bad")})
	return &badFileInForce{fault: b, lab: lab, at: at}, err
}

type badFileInForce struct {
	fault    badFile
	lab      harness.Lab
	at       time.Time
	reverted bool
	lifted   time.Time
}

func (i *badFileInForce) Impact() harness.Impact { return harness.Impact{Before: i.at} }

func (i *badFileInForce) Confirm(ctx context.Context) (string, error) {
	_, err := i.lab.ReadFile(ctx, i.fault.node, badPath)
	switch {
	case i.fault.unproved:
		return "", errors.New("nobody has noticed")
	case i.fault.wordless:
		return "", err
	case i.fault.lingers > 0 && i.reverted && time.Since(i.lifted) < i.fault.lingers:
		return "it was there just now", nil
	case i.fault.guesses && !i.reverted:
		return "it was written", nil
	}
	return "it is there", err
}

func (i *badFileInForce) Revert(ctx context.Context) error {
	_, err := i.lab.ReadFile(ctx, i.fault.node, badPath)
	if i.fault.once && i.reverted || i.fault.sulks && err != nil && !i.reverted {
		return errors.New("there is nothing to revert")
	}
	i.reverted, i.lifted = true, time.Now()
	if i.fault.stays {
		return nil
	}
	if i.fault.leaves != "" {
		if err := i.lab.WriteFile(ctx, i.fault.node, harness.File{Path: i.fault.leaves}); err != nil {
			return err
		}
	}
	return i.lab.RemoveFile(ctx, i.fault.node, badPath)
}

// removal is what an operator does about a badFile.
type removal struct{}

func (removal) Name() string { return "remove it" }

func (removal) Steps() []harness.Step {
	remove := func(ctx context.Context, operator harness.Operator) error {
		return operator.RemoveFile(ctx, "one", badPath)
	}
	return []harness.Step{{Name: "think", Declared: time.Minute}, {Name: "remove it", Do: remove}}
}

// twoMachines are in memory.
func twoMachines(t *testing.T) *Lab {
	t.Helper()
	system := harness.System{Command: []string{"server"}}
	machines := New(harness.Topology{Nodes: []harness.Node{{Name: "one", System: system}, {Name: "two", System: system}}})
	t.Cleanup(machines.Close)
	return machines
}

// Goal: a fault that is right passes, and every point of the contract can be broken. Method: one that is right, and the same one
// with one thing wrong at a time, in memory and on a fake clock.
func TestFaultContract(t *testing.T) {
	for want, broken := range map[string]func(right *badFile, c *FaultCase){
		"": func(*badFile, *FaultCase) {},
		"is not refused before anything is done: it did write /etc/bad of three": func(_ *badFile, c *FaultCase) {
			c.Refused = []harness.Fault{badFile{node: "three", describes: "nowhere", accepts: true}}
		},
		"which makes no sense, is injected without an error": func(_ *badFile, c *FaultCase) {
			c.Refused = []harness.Fault{badFile{node: "three", describes: "nowhere", accepts: true, none: true}}
		},
		"its description is empty":                           func(right *badFile, _ *FaultCase) { right.describes = "" },
		"its description is not one line":                    func(right *badFile, _ *FaultCase) { right.describes = "bad\nfile" },
		"it proves \"it was written\" although nothing":      func(right *badFile, _ *FaultCase) { right.guesses = true },
		"it says that it struck -1h0m0s after its call":      func(right *badFile, _ *FaultCase) { right.early = time.Hour },
		"it returns neither an injection nor an error":       func(right *badFile, _ *FaultCase) { right.none = true },
		"it is not injected: the disk is full":               func(right *badFile, _ *FaultCase) { right.fails = true },
		"it does not prove that it bites: nobody":            func(right *badFile, _ *FaultCase) { right.unproved = true },
		"its proof is empty":                                 func(right *badFile, _ *FaultCase) { right.wordless = true },
		"it is still proved after it was reverted: wait for": func(right *badFile, _ *FaultCase) { right.stays = true },
		"it is not reverted a second time without an error":  func(right *badFile, _ *FaultCase) { right.once = true },
		"one: file /etc/rest is new: empty":                  func(right *badFile, _ *FaultCase) { right.leaves = "/etc/rest" },
		"it is not injected: it panicked: no such thing":     func(right *badFile, _ *FaultCase) { right.panics = true },
		"it still goes on 5s after its context has ended":    func(right *badFile, _ *FaultCase) { right.deaf = true },
		"a revert after remove it is an error: there is not": func(right *badFile, _ *FaultCase) { right.sulks = true },
	} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				right := badFile{node: "one", describes: "bad file"}
				c := FaultCase{Refused: []harness.Fault{badFile{node: "three", describes: "nowhere"}}, Recovery: removal{}}
				broken(&right, &c)
				c.Fault = right
				machines := twoMachines(t)
				Expect(t, TestFault(t.Context(), machines, c), want)
				if right.deaf {
					<-time.After(deafness)
				}
				if _, err := machines.ReadFile(t.Context(), "one", badPath); err == nil && !right.stays {
					t.Error("the fault is still in force")
				}
			})
		})
	}
	Expect(t, TestFault(t.Context(), twoMachines(t), FaultCase{}), "there is no fault to test")
}

// Goal: what a fault leaves, and says why, is no fault of its own. Method: one that leaves a file and can be proved for ever.
func TestFaultThatLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		planned := []drift.Planned{{Kind: harness.KindFile, Key: badPath, Because: "it is meant to stay"}}
		lasting := FaultCase{
			Fault:   badFile{node: "one", describes: "bad file", stays: true, guesses: true},
			Lasting: "people wanted it so", Planned: planned,
		}
		Expect(t, TestFault(t.Context(), twoMachines(t), lasting), "")
		lasting.Planned = nil
		Expect(t, TestFault(t.Context(), twoMachines(t), lasting), "it leaves nodes different when it was lifted")
	})
}

// Goal: a system may take its time to notice that a fault is gone. Method: a fault that can be proved for some seconds more.
func TestFaultThatLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lingering := FaultCase{Fault: badFile{node: "one", describes: "bad file", lingers: 10 * time.Second}}
		Expect(t, TestFault(t.Context(), twoMachines(t), lingering), "")
	})
}
