// Package readonlyroot replays what a customer's server went through (postmortem undated-read-only-system):
// its system partition became read-only; what does not write kept working, the rest broke; a new server got its
// disks, its address and its playbooks, and lacked for another hour what nobody had ever written down.
// README.md ties each statement of the postmortem to the spec that proves it.
package readonlyroot

import (
	"context"
	"net/netip"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/ansible"
	"github.com/reprise-dr/reprise/harness/systems/nginx"
	"github.com/reprise-dr/reprise/harness/systems/postgres"
)

func TestReadOnlyRoot(t *testing.T) {
	suite.Run(t, "readonlyroot", suite.Prepare(fixtures.Server()))
}

// postmortem labels the specs that `make repro` replays.
const postmortem = "undated-read-only-system"

// What clients know of the shop is one address, which moves with the traffic.
var (
	entrance = netip.AddrPortFrom(fixtures.ServerAddress(), fixtures.ServerPort)
	uploads  = nginx.Folder{At: entrance, Path: fixtures.ServerUploads}
	database = postgres.Database{At: fixtures.ServerAddress(), Name: fixtures.ServerDatabase}
)

// orders is the table that the ledger of orders writes to.
const orders = "orders"

// The claims of peace.
func pageServed() harness.Probe { return page("the shop's page is served", entrance, "/", "Welcome") }

func campaignServed() harness.Probe {
	return page("the campaign is served", entrance, fixtures.ServerCampaign, "Half price")
}
func databaseAnswers() harness.Probe { return postgres.Answers(database) }
func uploadsAccepted() harness.Probe { return nginx.Accepts(uploads) }
func requestsLogged() harness.Probe {
	return nginx.Logged(uploads, fixtures.ServerOld, fixtures.ServerUploadsLog)
}

func service() harness.SteadyState {
	return harness.All(pageServed(), databaseAnswers(), uploadsAccepted())
}

func writes() []harness.Ledger {
	return harness.Ledgers(nginx.Uploads(uploads), postgres.Table(database, orders))
}

func page(label string, at netip.AddrPort, path, contains string) probe.NetworkProbe {
	return probe.NetworkProbe{
		Label: label, Checks: probe.Fixed(harness.Check{HTTP: &harness.HTTPCheck{At: at, Path: path, Contains: contains}}),
	}
}

// play runs a playbook on a machine.
func playbook(file, machine, title string) ansible.Playbook {
	return ansible.Playbook{Control: fixtures.ServerControl, File: file, Limit: machine, Title: title}
}

// traffic moves the clients to a machine.
func traffic(machine string) ansible.Playbook {
	return ansible.Playbook{
		Control: fixtures.ServerControl, File: fixtures.ServerTraffic, Variables: map[string]string{"to": machine},
		Title: "move the traffic to " + machine,
	}
}

// begin rents the machines, and installs the shop on one of them with the given playbook.
func begin(ctx SpecContext, objective harness.Objective, site string) *suite.Drill {
	GinkgoHelper()
	drill := suite.Begin(ctx, fixtures.Server(), objective)
	By("installing the shop with Ansible, and sending the clients there")
	play(ctx, drill, playbook(site, fixtures.ServerOld, "install the shop"))
	play(ctx, drill, traffic(fixtures.ServerOld))
	run(ctx, drill, "createdb", "--host=127.0.0.1", "--username=postgres", fixtures.ServerDatabase)
	Expect(postgres.CreateTable(ctx, drill.Lab, database, orders)).To(Succeed())
	// The server was installed long before its disk failed. The kernel writes files to the disk up to half a minute later: a fault
	// that stops it from writing would leave them empty.
	run(ctx, drill, "sync", "--file-system", "/")
	return drill
}

func play(ctx context.Context, drill *suite.Drill, playbook ansible.Playbook) ansible.Stats {
	GinkgoHelper()
	stats, err := ansible.Play(ctx, drill.Lab, playbook)
	Expect(err).NotTo(HaveOccurred())
	return stats
}

// run runs a command on the server.
func run(ctx context.Context, drill *suite.Drill, argv ...string) {
	GinkgoHelper()
	_, err := drill.Lab.Exec(ctx, fixtures.ServerOld, argv...)
	Expect(err).NotTo(HaveOccurred())
}

// dayOfWrites is what a nightly backup may lose.
const dayOfWrites = 24 * time.Hour
