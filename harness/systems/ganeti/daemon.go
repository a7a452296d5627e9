package ganeti

import (
	"context"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// DaemonByName claims that a node's daemon takes connections at the address that the master finds its name at, once a
// second: that is where orders go.
func DaemonByName(cluster Cluster, master, node string) harness.Probe {
	return daemonLookedUp("the daemon of "+node+" answers by its name", harness.VantageObserver, master, hostsFile,
		func(text []byte) (netip.Addr, error) { return find(text, cluster.Full(node)) })
}

// SecondaryDaemon claims that a node's daemon takes connections at the secondary address that the master has for it,
// once a second and from the master: the network of those addresses is the nodes' own.
func SecondaryDaemon(cluster Cluster, master, node string) harness.Probe {
	return daemonLookedUp("the daemon of "+node+" answers at its secondary address", master, master, secondaryFile,
		func(text []byte) (netip.Addr, error) { return secondaryOf(text, cluster.Full(node)) })
}

// daemonLookedUp is a claim about a daemon at an address that a file of the master has, whatever it is by then. From is the
// node that asks.
func daemonLookedUp(label, from, master, file string, find func(text []byte) (netip.Addr, error)) harness.Probe {
	return probe.Func{Label: label, Every: daemonPeriod, Ask: func(ctx context.Context, observer harness.Observer) error {
		text, err := observer.ReadFile(ctx, master, file)
		if err != nil {
			return err
		}
		at, err := find(text)
		if err != nil {
			return err
		}
		return probe.NetworkProbe{
			Label: label, From: from, Every: daemonPeriod, Checks: probe.Fixed(daemonQuestion(at)),
		}.Check(ctx, observer)
	}}
}
