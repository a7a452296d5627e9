package runbook

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// OnEach does the same on all nodes at once, as an operator with one terminal per node would, and
// waits for all of them. Its error holds every node's error, led by the node's name, in the order of nodes.
func OnEach(ctx context.Context, nodes []harness.Node, do func(ctx context.Context, node harness.Node) error) error {
	outcomes := make([]error, len(nodes))
	var group sync.WaitGroup
	for i, node := range nodes {
		group.Go(func() {
			if err := do(ctx, node); err != nil {
				outcomes[i] = fmt.Errorf("%s: %w", node.Name, err)
			}
		})
	}
	group.Wait()
	return harness.JoinErrors(outcomes...)
}

// EditFiles rewrites the configuration files that the topology put below a folder of the node. A
// file that the edit leaves as it is is not written. A node without a file there is an error: the
// runbook was meant for something else.
func EditFiles(
	ctx context.Context,
	operator harness.Operator,
	node harness.Node,
	folder string,
	edit func(harness.File) ([]byte, error),
) error {
	edited := 0
	for _, file := range node.System.Files {
		if !strings.HasPrefix(file.Path, strings.TrimSuffix(folder, "/")+"/") {
			continue
		}
		edited++
		text, err := operator.ReadFile(ctx, node.Name, file.Path)
		if err != nil {
			return fmt.Errorf("read %s: %w", file.Path, err)
		}
		file.Data = text
		changed, err := edit(file)
		if err != nil {
			return fmt.Errorf("edit %s: %w", file.Path, err)
		}
		if bytes.Equal(changed, text) {
			continue
		}
		file.Data = changed
		if err := operator.WriteFile(ctx, node.Name, file); err != nil {
			return fmt.Errorf("write %s: %w", file.Path, err)
		}
	}
	if edited == 0 {
		return fmt.Errorf("no configuration file below %s", folder)
	}
	return nil
}

// LogLines returns the lines that the node's system has printed since then and that contain the
// text, oldest first; none is no error.
func LogLines(
	ctx context.Context,
	observer harness.Observer,
	node string,
	since time.Time,
	text string,
) ([]harness.LogLine, error) {
	lines, err := observer.Log(ctx, node, since)
	if err != nil {
		return nil, fmt.Errorf("read the log of %s: %w", node, err)
	}
	var found []harness.LogLine
	for _, line := range lines {
		if strings.Contains(line.Text, text) {
			found = append(found, line)
		}
	}
	return found, nil
}
