// Package singlenode replays what a blog on one Kubernetes node went through (postmortem
// undated-single-k3s-node): a kernel panic, DNS that broke days later, a node that did not start any more,
// and the way back in half an hour by a temporary node, a reinstallation and the nightly backup. README.md
// ties each statement of the postmortem to the spec that proves it.
package singlenode

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/ansible"
	"github.com/reprise-dr/reprise/harness/systems/k3s"
	"github.com/reprise-dr/reprise/harness/systems/openfga"
	"github.com/reprise-dr/reprise/harness/systems/pocketbase"
)

func TestSingleNode(t *testing.T) {
	suite.Run(t, "singlenode", suite.Prepare(fixtures.Blog()))
}

// postmortem labels the specs that `make repro` replays.
const postmortem = "undated-single-k3s-node"

// What visitors see of the blog. They know its names and one address, which moves with the traffic.
var (
	entrance = netip.AddrPortFrom(fixtures.BlogAddress(), fixtures.BlogPort)
	blog     = pocketbase.Site{At: entrance, Host: fixtures.BlogHost}
	comments = openfga.Site{At: entrance, Host: fixtures.BlogCommentsHost}
)

// node is the one Kubernetes node there is.
var node = k3s.Cluster{Servers: []string{fixtures.BlogMachine}}

// The claims of peace. The blog's page comes out of SQLite, the comments come out of PostgreSQL.
func pageServed() harness.Probe     { return pocketbase.Served(blog) }
func commentsServed() harness.Probe { return openfga.Served(comments) }
func nodeReady() harness.Probe      { return node.NodeReady(fixtures.BlogMachine) }

// patience is how long a visitor waits who is asked whether the blog has gone away: two processors run the
// machine, its operator and its visitors here, and a slow answer is an answer.
const patience = 3 * time.Second

// pageServedAtAll claims that a visitor with patience gets the page.
func pageServedAtAll() harness.Probe {
	probe := pocketbase.Served(blog)
	probe.Label, probe.Limit = fmt.Sprintf("%s within %v", probe.Label, patience), patience
	return probe
}

// resolvedByPods claims that a pod gets an address for a name.
func resolvedByPods(label, name string) harness.Probe {
	return k3s.Resolves(label, fixtures.BlogMachine, fixtures.BlogPort, fixtures.BlogCanaryHost, name)
}

// writes are the rows in SQLite and in PostgreSQL, each written as a visitor would.
func writes() []harness.Ledger {
	return harness.Ledgers(pocketbase.Posts(blog), openfga.Comments(comments))
}

// site is the playbook that makes a machine the blog's.
func site(machine string) ansible.Playbook {
	return ansible.Playbook{Control: fixtures.BlogControl, File: fixtures.BlogSite, Limit: machine, Title: "install " + machine +
		" with Ansible"}
}

// configuration is the same playbook without what only an empty machine needs.
func configuration(machine string) ansible.Playbook {
	playbook := site(machine)
	playbook.SkipTags, playbook.Title = []string{"full-install"}, "replay the configuration of "+machine
	return playbook
}

// restored is the same playbook for an empty machine that is to have the newest backup.
func restored(machine string) ansible.Playbook {
	playbook := site(machine)
	playbook.Variables = map[string]string{"restore": "latest"}
	playbook.Title = "install " + machine + " and restore the newest backup"
	return playbook
}

// traffic moves the visitors to a machine.
func traffic(machine string) ansible.Playbook {
	return ansible.Playbook{
		Control: fixtures.BlogControl, File: fixtures.BlogTraffic, Variables: map[string]string{"to": machine},
		Title: "move the traffic to " + machine,
	}
}

// begin rents the machines and installs the blog on one of them.
func begin(ctx SpecContext, objective harness.Objective) *suite.Drill {
	GinkgoHelper()
	drill := suite.Begin(ctx, fixtures.Blog(), objective)
	By("installing the blog with Ansible, and sending the visitors there")
	play(ctx, drill, site(fixtures.BlogMachine))
	play(ctx, drill, traffic(fixtures.BlogMachine))
	Expect(pocketbase.CreatePosts(ctx, drill.Lab, blog, pocketbase.Superuser{
		Email:    fixtures.BlogAdmin,
		Password: fixtures.BlogAdminPassword,
	})).To(Succeed())
	Expect(openfga.CreateComments(ctx, drill.Lab, comments)).To(Succeed())
	return drill
}

func play(ctx context.Context, drill *suite.Drill, playbook ansible.Playbook) ansible.Stats {
	GinkgoHelper()
	stats, err := ansible.Play(ctx, drill.Lab, playbook)
	Expect(err).NotTo(HaveOccurred())
	return stats
}

// dayOfWrites is what a nightly backup may lose.
const dayOfWrites = 24 * time.Hour
