package ganeti

import (
	"context"
	"net/netip"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// DaemonByName claims that a node's daemon takes connections at the address that the master finds its name at, once a
// second: that is where orders go.
func DaemonByName(cluster Cluster, master, node string) harness.Probe {
	return daemonLookedUp{
		label: "the daemon of " + node + " answers by its name",
		full:  cluster.Full(node), master: master, file: hostsFile, find: find,
	}
}

// SecondaryDaemon claims that a node's daemon takes connections at the secondary address that the master has for it,
// once a second and from the master: the network of those addresses is the nodes' own.
func SecondaryDaemon(cluster Cluster, master, node string) harness.Probe {
	return daemonLookedUp{
		label: "the daemon of " + node + " answers at its secondary address",
		full:  cluster.Full(node), master: master, file: secondaryFile, find: secondaryOf, from: master,
	}
}

// daemonLookedUp is a claim about a daemon at an address that a file of the master has, whatever it is by then.
type daemonLookedUp struct {
	label, full, master string
	file                string
	find                func(text []byte, name string) (netip.Addr, error)
	from                string // the node that asks; "" is the observer
}

func (d daemonLookedUp) Name() string        { return d.label }
func (daemonLookedUp) Period() time.Duration { return daemonPeriod }
func (d daemonLookedUp) Check(ctx context.Context, observer harness.Observer) error {
	text, err := observer.ReadFile(ctx, d.master, d.file)
	if err != nil {
		return err
	}
	at, err := d.find(text, d.full)
	if err != nil {
		return err
	}
	probe := daemonAt(d.label, at)
	probe.From = d.from
	return probe.Check(ctx, observer)
}
