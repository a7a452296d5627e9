package k3s

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// CorruptDatastore puts rubbish in the place of a single server's datastore (SQLite) and kills k3s, so that
// the server does not come up any more. t0 is the kill: the files are exchanged just before it, and the
// server that runs keeps the ones it has open. They are put aside, whole, for the revert.
type CorruptDatastore struct {
	Node string
	// Kill is the command that kills k3s on a node where it is not the main process, such as
	// ["sv", "kill", "k3s"]; whatever supervises it there starts it again. Nil means the main process, which
	// is killed, and then started again once, unless its init system does that by itself (System.Restart).
	Kill []string
	// Reboot takes the whole machine's power and gives it back instead of killing k3s: containers, which
	// outlive a k3s that is killed, end with it.
	Reboot bool
	// DataDir is where k3s keeps its state; "" means /var/lib/rancher/k3s.
	DataDir string
	// LogFile is where k3s's output goes on a node where it is not the main process; "" means
	// /var/log/k3s/current. The node's own log is looked at in any case.
	LogFile string
}

// Describe says whose datastore.
func (c CorruptDatastore) Describe() string {
	if c.Reboot {
		return fmt.Sprintf("corruption of the datastore of k3s on %s: its files are rubbish, then the machine loses its power and "+
			"boots", c.Node)
	}
	return fmt.Sprintf("corruption of the datastore of k3s on %s: its files are rubbish, then k3s is killed", c.Node)
}

// datastoreFiles are those of SQLite: the database, its log of what is not in it yet, and the index of that.
var datastoreFiles = []string{"state.db", "state.db-wal", "state.db-shm"}

// rubbish is what the files are overwritten with: long enough to fill the first pages of a database, and
// readable to whoever looks into them.
var rubbish = bytes.Repeat([]byte("Reprise has overwritten this datastore on purpose.\n"), 1<<11)

// Inject exchanges the files and kills k3s.
func (c CorruptDatastore) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	corruption := &corruption{CorruptDatastore: c, lab: lab, said: c.logFileLength(ctx, lab)}
	if _, err := lab.ReadFile(ctx, c.Node, path.Join(c.folder(), datastoreFiles[0])); err != nil {
		return nil, fmt.Errorf("find the datastore of k3s on %s: %w", c.Node, err)
	}
	if err := corruption.exchange(ctx); err != nil {
		return corruption, err
	}
	if c.Reboot {
		err := corruption.reboot(ctx)
		return corruption, err
	}
	if len(c.Kill) > 0 {
		corruption.impact.Before = time.Now()
		_, err := lab.Exec(ctx, c.Node, c.Kill...)
		return corruption, err
	}
	impact, err := lab.Apply(ctx, []harness.NodeActions{{
		Node:    c.Node,
		Actions: []harness.Action{{Signal: &harness.Signal{Name: "KILL"}}},
	}})
	corruption.impact = impact
	if node, known := lab.Topology().Node(c.Node); err != nil || known && node.System.Restart > 0 {
		return corruption, err
	}
	return corruption, lab.Start(ctx, c.Node)
}

// folder is where the datastore is.
func (c CorruptDatastore) folder() string {
	if c.DataDir == "" {
		return path.Join(defaultDataDir, "server/db")
	}
	return path.Join(c.DataDir, "server/db")
}

// aside is where the datastore is kept meanwhile.
func (c CorruptDatastore) aside() string { return path.Join(c.folder(), "before-corruption") }

func (c CorruptDatastore) logFile() string {
	if c.LogFile == "" {
		return "/var/log/k3s/current"
	}
	return c.LogFile
}

// logFileLength is how much of the log file there is; 0 when there is none.
func (c CorruptDatastore) logFileLength(ctx context.Context, observer harness.Observer) int {
	text, err := observer.ReadFile(ctx, c.Node, c.logFile())
	if err != nil {
		return 0
	}
	return len(text)
}

// A corruption is the fault in force.
type corruption struct {
	CorruptDatastore
	lab    harness.Lab
	impact harness.Impact
	said   int // the length of the log file before
}

// exchange moves the files aside and writes rubbish in their place. A file that is moved is still the one
// that the running server has open: what it writes until it is killed is in the copy.
func (c *corruption) exchange(ctx context.Context) error {
	script := `mkdir -p "$2" && for file in "$1"/state.db*; do [ ! -f "$file" ] || mv "$file" "$2/" || exit; done`
	if _, err := c.lab.Exec(ctx, c.Node, "sh", "-c", script, "sh", c.folder(), c.aside()); err != nil {
		return fmt.Errorf("put the datastore of %s aside: %w", c.Node, err)
	}
	for _, name := range datastoreFiles {
		if err := c.lab.WriteFile(ctx, c.Node, harness.File{
			Path: path.Join(c.folder(), name), Mode: 0o600,
			Data: rubbish,
		}); err != nil {
			return fmt.Errorf("overwrite the datastore of %s: %w", c.Node, err)
		}
	}
	return nil
}

// reboot is a power cut that is over at once.
func (c *corruption) reboot(ctx context.Context) error {
	impact, err := c.lab.Apply(ctx, []harness.NodeActions{{Node: c.Node, Actions: []harness.Action{
		{Link: &harness.Link{Up: false}},
		{Signal: &harness.Signal{Name: "KILL", All: true}},
	}}})
	c.impact = impact
	if err != nil {
		return err
	}
	return c.lab.PowerOn(ctx, c.Node)
}

// Impact implements harness.Injection.
func (c *corruption) Impact() harness.Impact { return c.impact }

// Confirm proves that k3s does not serve its API, and that it says itself that this is for its datastore.
func (c *corruption) Confirm(ctx context.Context) (string, error) {
	var complaint string
	err := waitForLogLine.Until(ctx, func(ctx context.Context) (err error) {
		complaint, err = c.complaint(ctx)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("confirm the %s: %w", c.Describe(), err)
	}
	err = limited(func(ctx context.Context) error {
		return new(keyring).ask(ctx, c.lab, c.Node, ready)
	})(ctx)
	if err == nil {
		return "", fmt.Errorf("the API server of %s still answers", c.Node)
	}
	return fmt.Sprintf("the API of %s does not answer, and k3s says: %s", c.Node, complaint), nil
}

// complaint finds the line in which k3s says what is wrong with its datastore.
func (c *corruption) complaint(ctx context.Context) (string, error) {
	lines, err := c.lab.Log(ctx, c.Node, c.impact.Before)
	if err != nil {
		return "", fmt.Errorf("read the log of %s: %w", c.Node, err)
	}
	for _, line := range lines {
		if complains(line.Text) {
			return strings.TrimSpace(line.Text), nil
		}
	}
	text, err := c.lab.ReadFile(ctx, c.Node, c.logFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if c.said <= len(text) { // else the file has been begun anew
		text = text[c.said:]
	}
	for line := range strings.Lines(string(text)) {
		if complains(line) {
			return strings.TrimSpace(line), nil
		}
	}
	return "", errors.New("its log does not say that the datastore is broken")
}

// complains tells whether a log line is about a broken datastore.
func complains(line string) bool {
	return strings.Contains(line, LogNotADatabase) || strings.Contains(line, LogMalformed)
}

// Revert puts the datastore back where the rubbish still is. A datastore that has been replaced since, by a
// restore or a new installation, stays.
func (c *corruption) Revert(ctx context.Context) error {
	place := path.Join(c.folder(), datastoreFiles[0])
	present, err := c.lab.ReadFile(ctx, c.Node, place)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // the machine has been installed anew
	case err != nil:
		return fmt.Errorf("look at the datastore of %s: %w", c.Node, err)
	case !bytes.Equal(present, rubbish):
		return nil
	}
	supervised := len(c.Kill) > 0 || c.Reboot
	if !supervised {
		if err := stopForGood(ctx, c.lab, c.Node); err != nil {
			return err
		}
	}
	script := `rm -f "$1"/state.db* && mv "$2"/state.db* "$1"/ && rmdir "$2"`
	if _, err := c.lab.Exec(ctx, c.Node, "sh", "-c", script, "sh", c.folder(), c.aside()); err != nil {
		return fmt.Errorf("put the datastore of %s back: %w", c.Node, err)
	}
	if supervised {
		return nil // k3s tries again by itself
	}
	return c.lab.Start(ctx, c.Node)
}
