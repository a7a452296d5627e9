package ganeti

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// archivists are machines on which tar works, and whose daemons answer.
type archivists struct{ *hypervisors }

func (a archivists) Exec(ctx context.Context, node string, argv ...string) ([]byte, error) {
	if argv[0] == "tar" {
		return nil, a.WriteFile(ctx, node, harness.File{Path: snapshotFile, Data: []byte("all of " + node)})
	}
	return a.hypervisors.Exec(ctx, node, argv...)
}

func (a archivists) StartCheck(
	_ context.Context, _ string, _ harness.Check, _ harness.Schedule, samples func([]harness.Sample),
) (harness.CheckStream, error) {
	samples([]harness.Sample{{Due: time.Now(), Asked: time.Now(), Seen: time.Now()}})
	return nil, nil
}

// Goal: every node gets what it had itself, and the daemon of every node answers before any starts that asks for
// votes. Method: take a snapshot of machines in memory and restore it, up to where the cluster itself has to answer.
func TestSnapshot(t *testing.T) {
	machines, cluster := archivists{inMemory(t)}, aCluster(t)
	snapshot, err := TakeSnapshot(t.Context(), machines, cluster)
	if err != nil || len(snapshot) != 2 || string(snapshot["node2"]) != "all of node2" {
		t.Fatalf("the snapshot is %q: %v", snapshot, err)
	}
	if _, err := machines.ReadFile(t.Context(), "node1", snapshotFile); err == nil {
		t.Error("a node keeps the archive")
	}
	for _, step := range (Restore{cluster, snapshot}).Steps()[:4] {
		if err := step.Do(t.Context(), machines); err != nil {
			t.Fatalf("%s: %v", step.Name, err)
		}
	}
	if had, _ := machines.ReadFile(t.Context(), "node2", snapshotFile); string(had) != "all of node2" {
		t.Errorf("node2 was given %q", had)
	}
	own := lastOf(machines.commands, "start ganeti-noded")
	if others := slices.IndexFunc(machines.commands, isStart); own < 0 || others < own {
		t.Errorf("daemons that ask for votes start too early: %q", machines.commands)
	}
}

func isStart(command string) bool { return strings.HasSuffix(command, "service ganeti start") }

// lastOf is where a command that contains the text was given last; -1 when none was.
func lastOf(commands []string, text string) int {
	last := -1
	for i, command := range commands {
		if strings.Contains(command, text) {
			last = i
		}
	}
	return last
}

// Goal: a node whose archive is lost is an error that names it. Method: machines on which tar makes nothing.
func TestSnapshotWithoutArchive(t *testing.T) {
	_, err := TakeSnapshot(t.Context(), inMemory(t), aCluster(t))
	labtest.Expect(t, err, "read the snapshot of node1")
}
