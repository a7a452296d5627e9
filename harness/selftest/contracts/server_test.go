package contracts

import (
	"context"
	"net/netip"
	"strconv"

	. "github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/systems/ansible"
	"github.com/reprise-dr/reprise/harness/systems/nginx"
)

const serverLabel = "server"

var _ = Describe("On a server that Ansible has installed", Label(serverLabel), Ordered, ContinueOnFailure, func() {
	run(fixtures.Server(), serverParts, func(ctx context.Context, cluster *lab.Lab) error {
		site := ansible.Playbook{Control: fixtures.ServerControl, File: fixtures.ServerSite, Limit: fixtures.ServerOld}
		if _, err := ansible.Play(ctx, cluster, site); err != nil {
			return err
		}
		// Ansible keeps its connections for half a minute, and their end would seem to be the work of a part.
		_, err := cluster.Exec(ctx, fixtures.ServerControl, "sh", "-c", "pkill -x ssh || true")
		return err
	})
})

// uploads is where the server stores the files that clients send.
func uploads() nginx.Folder {
	server, _ := fixtures.Server().Node(fixtures.ServerOld)
	return nginx.Folder{At: netip.AddrPortFrom(server.IPv4, fixtures.ServerPort), Path: fixtures.ServerUploads}
}

func serverParts(cluster func() *lab.Lab) parts {
	remove := func(ctx context.Context, entry int) error {
		return cluster().RemoveFile(ctx, fixtures.ServerOld, "/var/www"+fixtures.ServerUploads+strconv.Itoa(entry))
	}
	at := netip.AddrPortFrom(fixtures.ServerAddress(), fixtures.ServerPort)
	entrance := probe.NetworkProbe{
		Label:  "the clients' address serves the page",
		Checks: probe.Fixed(harness.Check{HTTP: &harness.HTTPCheck{At: at}}),
	}
	return parts{
		probes: []labtest.ProbeCase{
			{Probe: nginx.Accepts(uploads())},
			{Probe: nginx.Logged(uploads(), fixtures.ServerOld, fixtures.ServerUploadsLog)},
		},
		ledgers: []labtest.LedgerCase{{Ledger: nginx.Uploads(uploads()), Lose: remove}},
		runbooks: []labtest.RunbookCase{{
			Runbook: ansible.Playbook{
				Control: fixtures.ServerControl, File: fixtures.ServerTraffic, Variables: map[string]string{"to": fixtures.ServerOld},
			},
			Promises: harness.All(entrance),
		}},
	}
}
