package k3s

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/reprise-dr/reprise/harness"
)

// A Snapshot is a copy of the embedded etcd in a file of one server. It holds everything that the cluster
// had acknowledged when it was made, and nothing of the pods' own data.
type Snapshot struct {
	Name  string
	Node  string    // whose disk it is on
	Path  string    // on that node
	Made  time.Time // by the node's clock, to the second
	Bytes int64
}

// snapshotName is how the snapshots begin that SnapshotSave makes; k3s adds the node and the time.
const snapshotName = "reprise"

// SnapshotSave has k3s save a snapshot of its embedded etcd on a server, as an operator would before
// something risky, and tells where it is.
func SnapshotSave(ctx context.Context, operator harness.Operator, node string) (Snapshot, error) {
	command, err := serverCommand(operator, node)
	if err != nil {
		return Snapshot{}, err
	}
	before, err := Snapshots(ctx, operator, node)
	if err != nil {
		return Snapshot{}, err
	}
	var saved Snapshot
	err = waitForSnapshot.Until(ctx, func(ctx context.Context) error {
		if _, err := operator.Exec(ctx, node, command.snapshot("save", "--name", snapshotName)...); err != nil {
			return fmt.Errorf("save a snapshot: %w", err)
		}
		after, err := Snapshots(ctx, operator, node)
		if err != nil {
			return err
		}
		// The list is sorted by age, and names are unique.
		for _, snapshot := range slices.Backward(after) {
			if snapshot.Node == node && strings.HasPrefix(snapshot.Name, snapshotName+"-") && !slices.Contains(before, snapshot) {
				saved = snapshot
				return nil
			}
		}
		return fmt.Errorf("k3s saved a snapshot on %s and does not list it", node)
	})
	return saved, err
}

// Snapshots lists the snapshots that a server knows of, oldest first.
func Snapshots(ctx context.Context, operator harness.Operator, node string) ([]Snapshot, error) {
	command, err := serverCommand(operator, node)
	if err != nil {
		return nil, err
	}
	output, err := operator.Exec(ctx, node, command.snapshot("ls", "--output", "json")...)
	if err != nil {
		return nil, fmt.Errorf("list the snapshots: %w", err)
	}
	snapshots, err := parseSnapshots(output)
	if err != nil {
		return nil, fmt.Errorf("list the snapshots of %s: %w", node, err)
	}
	return snapshots, nil
}

// parseSnapshots reads what `k3s etcd-snapshot ls` prints: a list of its own resource ETCDSnapshotFile.
func parseSnapshots(output []byte) ([]Snapshot, error) {
	var list struct {
		Items []struct {
			Spec struct {
				SnapshotName string `json:"snapshotName"`
				NodeName     string `json:"nodeName"`
				Location     string `json:"location"`
			} `json:"spec"`
			Status struct {
				Size         json.RawMessage `json:"size"`
				CreationTime time.Time       `json:"creationTime"`
				ReadyToUse   bool            `json:"readyToUse"`
			} `json:"status"`
		} `json:"items"`
	}
	if err := json.Unmarshal(output, &list); err != nil {
		return nil, err
	}
	var snapshots []Snapshot
	for _, item := range list.Items {
		path, local := strings.CutPrefix(item.Spec.Location, "file://")
		if !local || !item.Status.ReadyToUse {
			continue
		}
		size, err := parseSize(item.Status.Size)
		if err != nil {
			return nil, fmt.Errorf("read the size of %s: %w", item.Spec.SnapshotName, err)
		}
		snapshots = append(snapshots, Snapshot{
			Name:  item.Spec.SnapshotName,
			Node:  item.Spec.NodeName,
			Path:  path,
			Made:  item.Status.CreationTime,
			Bytes: size,
		})
	}
	slices.SortStableFunc(snapshots, func(a, b Snapshot) int { return a.Made.Compare(b.Made) })
	return snapshots, nil
}

// parseSize reads a quantity of bytes as Kubernetes writes it: a number, or text such as "5Mi".
func parseSize(text json.RawMessage) (int64, error) {
	if len(text) == 0 {
		return 0, errors.New("there is none")
	}
	var size resource.Quantity
	if err := json.Unmarshal(text, &size); err != nil {
		return 0, err
	}
	return size.Value(), nil
}
