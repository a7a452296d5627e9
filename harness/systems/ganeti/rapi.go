package ganeti

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/httpapi"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/systems/role"
)

// rapiPort is where Ganeti's remote interface listens: on the master, and nowhere else.
const rapiPort = 5080

// The user that a founded cluster lets ask by its remote interface, and the file of such users.
const (
	rapiUser  = "reprise"
	rapiUsers = "/var/lib/ganeti/rapi/users"
)

// rapiPassword is that user's: the topology's secret of this name.
var rapiPassword = harness.Secret{Name: role.GanetiPassword}

// rapi asks the cluster's remote interface, from the observer over a connection of its own.
func rapi(ctx context.Context, observer harness.Observer, at netip.Addr, path string, answer any) error {
	site := httpapi.Site{At: netip.AddrPortFrom(at, rapiPort)}
	password, err := rapiPassword.In(observer.Topology())
	if err != nil {
		return err
	}
	secret := base64.StdEncoding.EncodeToString([]byte(rapiUser + ":" + password))
	request := httpapi.Request{Method: http.MethodGet, Path: path, Header: http.Header{"Authorization": {"Basic " + secret}}}
	// A cluster signs its own certificate when it is founded.
	client := harness.HTTPSClient(observer, harness.VantageObserver, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // see above
	return site.Ask(ctx, client, request, answer)
}

// clusterInfo is as much of what the master says of the cluster as is looked at.
type clusterInfo struct {
	Master string `json:"master"`
}

// Manageable claims that the cluster's address takes orders: the master daemons behind it answer, and say that
// the cluster's master is one of its nodes. It is asked once a second by HTTPS (RAPI),
// which starts a process for every check.
func Manageable(cluster Cluster) harness.Probe {
	return probe.Func{
		Label: "the cluster takes orders at " + cluster.Address.String(), Every: manageablePeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			var info clusterInfo
			if err := rapi(ctx, observer, cluster.Address, "/2/info", &info); err != nil {
				return err
			}
			if !slices.ContainsFunc(cluster.Nodes, func(node string) bool { return cluster.Full(node) == info.Master }) {
				return fmt.Errorf("it says that its master is %q, which is no node of it", info.Master)
			}
			return nil
		},
	}
}

const manageablePeriod = time.Second

// OneCommander claims that exactly one node takes orders for the cluster, by its own word: its master daemons answer at
// its own address, whoever has the cluster's. Every node is asked once a second by HTTPS (RAPI).
func OneCommander(cluster Cluster) harness.Probe {
	return probe.Func{
		Label: "one node alone takes orders", Every: manageablePeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			commanders, err := Commanders(ctx, observer, cluster)
			if err == nil && len(commanders) != 1 {
				err = fmt.Errorf("%d nodes do: %q", len(commanders), commanders)
			}
			return err
		},
	}
}

// commanderLimit is what one node is given to answer. It is short of a probe's limit: one that is off says nothing.
const commanderLimit = 1800 * time.Millisecond

// Commanders are the nodes whose master daemons take orders. It is an error when nobody can know in time.
func Commanders(ctx context.Context, observer harness.Observer, cluster Cluster) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, commanderLimit)
	defer cancel()
	commanders := probe.NodesWhere(ctx, cluster.Nodes, func(ctx context.Context, node string) bool {
		at, err := address(observer, node)
		if err != nil {
			return false
		}
		var info clusterInfo
		return rapi(ctx, observer, at, "/2/info", &info) == nil
	})
	if ctx.Err() != nil && len(commanders) == 0 {
		return nil, context.Cause(ctx) // who has not answered has not said no
	}
	return commanders, nil
}
