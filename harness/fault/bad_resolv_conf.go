package fault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// resolvConf is where the resolver of every node's C library looks.
const resolvConf = "/etc/resolv.conf"

// BadResolvConf replaces /etc/resolv.conf of a node's system, as when a DHCP client, a VPN or a person
// does. Who has read the old one goes on with it: Then is for what makes somebody read it again.
// Reverting puts the old content back, unless somebody else has replaced the bad one.
type BadResolvConf struct {
	Node    string
	Content string // of the whole file; it may be empty, and must not be what is there

	// Then is done after the write, and again after a revert has put the old content back; nil does nothing.
	Then     func(ctx context.Context, lab harness.Lab) error
	ThenName string // what Then does, such as "restart CoreDNS"; required with Then
}

// Describe says what is written where.
func (b BadResolvConf) Describe() string {
	text := fmt.Sprintf("bad %s on %s: %q", resolvConf, b.Node, b.Content)
	if b.Then != nil {
		text += ", then " + b.ThenName
	}
	return text
}

// Inject writes the file, then does what comes then.
func (b BadResolvConf) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	if err := planNodes(lab, b, b.Node); err != nil {
		return nil, err
	}
	if b.Then != nil && b.ThenName == "" {
		return nil, fmt.Errorf("plan the %s: what comes then has no name", b.Describe())
	}
	old, err := readResolvConf(ctx, lab, b.Node)
	if err != nil {
		return nil, fmt.Errorf("plan the %s: %w", b.Describe(), err)
	}
	if old != nil && string(old) == b.Content {
		return nil, fmt.Errorf("plan the %s: that is its content already: nothing would change", b.Describe())
	}
	change := &resolvConfChange{fault: b, lab: lab, old: old}
	began := time.Now()
	err = lab.WriteFile(ctx, b.Node, harness.File{Path: resolvConf, Data: []byte(b.Content)})
	took := time.Since(began)
	if err == nil {
		err = change.then(ctx)
	}
	return &Injection{
		Struck: harness.Impact{Before: began, Effects: []harness.Effect{{Node: b.Node, Done: took, Call: took}}},
		Prove:  change.confirm, Lift: change.revert,
	}, err
}

// readResolvConf returns nil when there is no such file.
func readResolvConf(ctx context.Context, lab harness.Lab, node string) ([]byte, error) {
	content, err := lab.ReadFile(ctx, node, resolvConf)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if content == nil && err == nil {
		content = []byte{}
	}
	return content, err
}

// A resolvConfChange is the bad file in force.
type resolvConfChange struct {
	fault BadResolvConf
	lab   harness.Lab
	old   []byte // nil: there was none

	mu   sync.Mutex
	owed bool // Then has yet to be done for the last write
	took time.Duration
}

// then does what comes after a write.
func (c *resolvConfChange) then(ctx context.Context) error {
	if c.fault.Then == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owed = true
	began := time.Now()
	if err := c.fault.Then(ctx, c.lab); err != nil {
		return fmt.Errorf("%s: %w", c.fault.ThenName, err)
	}
	c.owed, c.took = false, time.Since(began)
	return nil
}

func (c *resolvConfChange) isOwed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.owed
}

// confirm reads the file as the node's programs do.
func (c *resolvConfChange) confirm(ctx context.Context) (string, error) {
	now, err := readResolvConf(ctx, c.lab, c.fault.Node)
	if err != nil {
		return "", fmt.Errorf("read %s of %s: %w", resolvConf, c.fault.Node, err)
	}
	if now == nil || string(now) != c.fault.Content {
		return "", fmt.Errorf("%s reads %q from %s", c.fault.Node, now, resolvConf)
	}
	if c.isOwed() {
		return "", fmt.Errorf("%s was not done", c.fault.ThenName)
	}
	seen := fmt.Sprintf("%s reads %q from %s", c.fault.Node, now, resolvConf)
	if c.fault.Then != nil {
		seen += fmt.Sprintf("; %s took %v", c.fault.ThenName, c.took.Round(time.Millisecond))
	}
	return seen, nil
}

// revert puts back what was there. A file that is no longer the bad one was repaired: it stays.
func (c *resolvConfChange) revert(ctx context.Context) error {
	now, err := readResolvConf(ctx, c.lab, c.fault.Node)
	if err != nil {
		return fmt.Errorf("read %s of %s: %w", resolvConf, c.fault.Node, err)
	}
	switch {
	case now != nil && string(now) == c.fault.Content:
	case c.isOwed() && bytes.Equal(now, c.old):
		return c.then(ctx) // put back before, and not yet made known
	default:
		return nil
	}
	if c.old == nil {
		err = c.lab.RemoveFile(ctx, c.fault.Node, resolvConf)
	} else {
		err = c.lab.WriteFile(ctx, c.fault.Node, harness.File{Path: resolvConf, Data: c.old})
	}
	if err != nil {
		return fmt.Errorf("put back %s of %s: %w", resolvConf, c.fault.Node, err)
	}
	return c.then(ctx)
}
