package ganeti

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// The periods of probes. A node's daemon makes a process for whoever knocks.
const (
	pagePeriod   = 50 * time.Millisecond
	masterPeriod = 250 * time.Millisecond
	daemonPeriod = time.Second
	sayingPeriod = 500 * time.Millisecond
)

// atOnce is shorter than a failover takes.
const atOnce = 150 * time.Millisecond

// A person who waits for a page asks again after the patience, and gives up at the limit.
const (
	retryAfter   = 900 * time.Millisecond
	patientLimit = 2 * time.Second
)

// PagePort is where instances serve their pages.
const PagePort = 8080

// daemonPort is where a node's daemon takes its master's orders.
const daemonPort = 1811

// Serves claims that an instance serves its page, at its own address and wherever it runs. Clients ask every 50 ms, and
// wait for less than the second after which TCP tries again: they notice when an instance moves.
func Serves(instance Instance) harness.Probe {
	return served(instance, "serves its page", instance.Name)
}

// ServesAtOnce claims the same of clients who give up after 0.15 s. Those of [Serves] do not notice a failover of
// a third of a second: their kernel keeps what it would send until a node says that it has the address, and is answered then.
func ServesAtOnce(instance Instance) harness.Probe {
	claim := served(instance, "serves its page at once", instance.Name)
	claim.Limit = atOnce
	return claim
}

// ServesPatient claims the same of clients who ask again when a page has not come within 0.9 s, as people do: for what must
// not be affected, on a machine whose processors are busy with what is, and for a migration, in which the one question that
// is on its way at that moment goes to where the instance was. They do not notice an outage of a second.
func ServesPatient(instance Instance) harness.Probe {
	claim := served(instance, "serves its page to who asks again", instance.Name)
	claim.Limit, claim.Checks = patientLimit, probe.Fixed(page(instance, instance.Name, retryAfter))
	return claim
}

// RunsOn claims that an instance serves its page from a node.
func RunsOn(instance Instance, node string) harness.Probe {
	return served(instance, "runs on "+node, instance.Name+" on "+node+"\n")
}

func served(instance Instance, claim, contains string) probe.NetworkProbe {
	return probe.NetworkProbe{
		Label: instance.Name + " " + claim, Every: pagePeriod,
		Checks: probe.Fixed(page(instance, contains, 0)),
	}
}

func page(instance Instance, contains string, retryAfter time.Duration) harness.Check {
	return harness.Check{HTTP: &harness.HTTPCheck{
		At: netip.AddrPortFrom(instance.Address, PagePort), Contains: contains, RetryAfter: retryAfter,
	}}
}

// Holders are one probe for each node: it has the cluster's address. All but one fail in peace, and so they are for
// [drill.Drill.Watch]; [CountMasters] counts with them.
func (c Cluster) Holders() []harness.Probe {
	var holders []harness.Probe
	for _, node := range c.Nodes {
		holders = append(holders, probe.Holds(node, c.Address))
	}
	return holders
}

// OneMaster claims that exactly one node answers to the cluster's address. Every node's kernel is asked, each 250 ms.
func OneMaster(cluster Cluster) harness.Probe {
	return probe.Func{
		Label: "one node alone has " + cluster.Address.String(), Every: masterPeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			holders := probe.NodesWhere(ctx, cluster.Nodes, func(ctx context.Context, node string) bool {
				return probe.Holds(node, cluster.Address).Check(ctx, observer) == nil
			})
			if ctx.Err() != nil {
				return context.Cause(ctx) // who has not answered has not said no
			}
			if len(holders) != 1 {
				return fmt.Errorf("%d nodes have it: %q", len(holders), holders)
			}
			return nil
		},
	}
}

// NodeDaemon claims that a node's daemon takes connections, once a second.
func NodeDaemon(node string) harness.Probe {
	return probe.NetworkProbe{
		Label: "the daemon of " + node + " answers", Every: daemonPeriod,
		Checks: func(observer harness.Observer) (harness.Check, error) {
			at, err := address(observer, node)
			return daemonQuestion(at), err
		},
	}
}

func daemonQuestion(at netip.Addr) harness.Check {
	return harness.Check{TCP: &harness.TCPCheck{At: netip.AddrPortFrom(at, daemonPort)}}
}

// masterFile is where every node keeps the name of its master.
const masterFile = "/var/lib/ganeti/ssconf_master_node"

// Master is whom a node takes to be the cluster's master, by its full name.
func Master(ctx context.Context, observer harness.Observer, node string) (string, error) {
	text, err := observer.ReadFile(ctx, node, masterFile)
	if err != nil {
		return "", fmt.Errorf("ask %s who is master: %w", node, err)
	}
	return strings.TrimSpace(string(text)), nil
}

// Agreed claims that all of the nodes, each by its own word, have the same master. It is asked every 500 ms.
func Agreed(nodes ...string) harness.Probe {
	return probe.Func{
		Label: strings.Join(nodes, ", ") + " name the same master", Every: sayingPeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error { return agree(ctx, observer, nodes) },
	}
}

func agree(ctx context.Context, observer harness.Observer, nodes []string) error {
	said := map[string]string{}
	var first string
	for _, node := range nodes {
		master, err := Master(ctx, observer, node)
		if err != nil {
			return err
		}
		said[node], first = master, master
	}
	for _, master := range said {
		if master != first {
			return fmt.Errorf("they do not: %v", said)
		}
	}
	return nil
}
