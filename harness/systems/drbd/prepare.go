package drbd

import (
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// The waits of this package. Two machines that are software, on two busy processors, take several times what is
// usual, and DRBD itself tries to connect every 3 s.
var (
	waitForPeer     = harness.Wait{For: "the two sides to find each other", Interval: 200 * time.Millisecond, Limit: time.Minute}
	waitForSync     = harness.Wait{For: "both sides to have the same", Interval: 200 * time.Millisecond, Limit: 2 * time.Minute}
	waitForRequests = harness.Wait{For: "no request to use the disk", Interval: 50 * time.Millisecond, Limit: 15 * time.Second}
	waitForSilence  = harness.Wait{For: "both sides to miss each other", Interval: 200 * time.Millisecond, Limit: 30 * time.Second}
	waitForWrites   = harness.Wait{For: "clients to write meanwhile", Interval: 200 * time.Millisecond, Limit: 30 * time.Second}
	// new ones are looked for every 5 s.
	waitForJob        = harness.Wait{For: "the job to write its log", Interval: 200 * time.Millisecond, Limit: 30 * time.Second}
	waitForSplitBrain = harness.Wait{For: "the split brain to be noticed", Interval: 200 * time.Millisecond, Limit: 25 * time.Second}
)

// steps runs commands one after the other on a node, and ends with the first that fails.
func steps(ctx context.Context, operator harness.Operator, node string, commands ...[]string) error {
	for _, command := range commands {
		if _, err := operator.Exec(ctx, node, command...); err != nil {
			return err
		}
	}
	return nil
}

// admin is a command to DRBD's administration program about the pair's disk.
func admin(arguments ...string) []string {
	return append(append([]string{"drbdadm"}, arguments...), resource)
}

// mount is what it takes to serve, on a machine that is primary.
func mount() []string { return []string{"mount", "-t", "ext4", device, mountPoint} }

// Prepare makes two new machines a pair that serves: meta data on both disks, a file system, and no rows yet.
// The two disks are empty and so have the same already: they are not copied.
func Prepare(ctx context.Context, operator harness.Operator, pair Pair) error {
	nodes := make([]harness.Node, 0, 2)
	for _, name := range pair.Both() {
		nodes = append(nodes, harness.Node{Name: name})
	}
	err := runbook.OnEach(ctx, nodes, func(ctx context.Context, node harness.Node) error {
		return steps(ctx, operator, node.Name, admin("create-md", "--force"), admin("up"))
	})
	if err != nil {
		return fmt.Errorf("bring the disks up: %w", err)
	}
	err = waitForPeer.Until(ctx, func(ctx context.Context) error {
		return expect(ctx, operator, pair.First, func(status Status) bool { return status.Connection == "Connected" })
	})
	if err != nil {
		return err
	}
	err = steps(ctx, operator, pair.First,
		admin("new-current-uuid", "--clear-bitmap"), admin("primary"),
		[]string{"mkfs.ext4", "-q", device}, mount(),
		[]string{"sh", "-c", "> " + mountPoint + "/rows; sync"})
	if err != nil {
		return fmt.Errorf("put a file system on the disk: %w", err)
	}
	return nil
}

// expect is nil when what a machine says of its disk is as wanted, and else says what it is.
func expect(ctx context.Context, observer harness.Observer, node string, wanted func(Status) bool) error {
	status, err := Look(ctx, observer, node)
	if err == nil && !wanted(status) {
		err = fmt.Errorf("%s: %s", node, status)
	}
	return err
}
