package k3s

import (
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// claimPeriod is how often a probe of the cluster asks, and so the resolution of its figures.
const claimPeriod = 500 * time.Millisecond

// servicePeriod keeps the observer from using a port of its own again too soon. For two minutes after a
// connection that a dead pod has not answered (nf_conntrack_tcp_timeout_syn_sent), the node sends whatever
// comes from the same port to the same dead pod, however many others there are by then. The kernel gives out
// a port again after some 3,000 connections to the same place: asked every 20 ms, as other questions are, that
// was after one minute, and half a service looked dead for as long as its pod had been before. Real clients
// are many, and do not meet themselves.
const servicePeriod = 100 * time.Millisecond

// namePeriod is how often a pod is asked to resolve a name. Each answer may take several queries of a
// resolver that others use too.
const namePeriod = 100 * time.Millisecond

// The waits of orders and runbooks. Their limits are generous: they end what hangs, they do not judge it.
// What a recovery may take is the objective's business.
var (
	// seen: 9 s for a node from nothing
	waitForClaims = harness.Wait{For: "the cluster", Interval: 500 * time.Millisecond, Limit: 3 * time.Minute}
	// namespaces get their service account a moment later.
	waitForApply = harness.Wait{For: "the manifest to be accepted", Interval: 500 * time.Millisecond, Limit: time.Minute}
	// a pod may take 30 s to end.
	waitForPods = harness.Wait{For: "the pods to be replaced", Interval: 500 * time.Millisecond, Limit: 2 * time.Minute}
	// members are promoted by a clock of 15 s.
	waitForRejoin = harness.Wait{For: "the server to join", Interval: time.Second, Limit: 4 * time.Minute}
	// a supervisor may take a few seconds to start it again.
	waitForLogLine = harness.Wait{For: "k3s to say what is wrong", Interval: 200 * time.Millisecond, Limit: 25 * time.Second}
	// for as long as the recording goes on.
	waitForWatch = harness.Wait{For: "the API to be watched", Interval: 200 * time.Millisecond}
	// etcd may only just have found its leader.
	waitForSnapshot = harness.Wait{For: "the snapshot to be saved", Interval: time.Second, Limit: time.Minute}
	// the tunnel to a kubelet takes a moment after a start.
	waitForSettings = harness.Wait{For: "Kubernetes to tell its settings", Interval: 500 * time.Millisecond, Limit: 30 * time.Second}
)

const (
	// oneAsk is the time limit of one question outside of a probe.
	oneAsk = 3 * time.Second
	// resetWithin bounds a cluster reset, which starts etcd by itself, looks at it every 5 s, and takes 5 s to end.
	resetWithin = 3 * time.Minute
)

// WaitReady waits until all claims hold, one after the other, for at most 3 min each. The error holds what
// was seen last.
func (c Cluster) WaitReady(ctx context.Context, observer harness.Observer, claims ...harness.Probe) error {
	for _, claim := range claims {
		wait := waitForClaims
		wait.For = claim.Name()
		if err := wait.Until(ctx, limited(func(ctx context.Context) error { return claim.Check(ctx, observer) })); err != nil {
			return err
		}
	}
	return nil
}

// limited gives every look of a wait the time of one question.
func limited(look func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, oneAsk)
		defer cancel()
		return look(ctx)
	}
}

// onNode puts the node's name in front of an error.
func onNode(node string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", node, err)
}
