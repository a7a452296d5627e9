package renumbering

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/consul"
	"github.com/reprise-dr/reprise/harness/systems/nomad"
)

// audit has a drill look for old addresses in everything that the products keep, besides what every node
// is searched for, and plans what a renumbering changes on purpose or cannot help to leave.
func audit(drill *suite.Drill) {
	GinkgoHelper()
	drill.AlsoSearch(
		consul.KVTexts(), consul.CatalogTexts(), nomad.JobTexts(),
		drift.Folders(consul.ServerRole, "/var/lib/consul"), drift.Folders(nomad.ServerRole, "/var/lib/nomad"),
		drift.Folders(nomad.ClientRole, "/var/lib/nomad"),
	)
	Expect(drill.Expect(renumbered...)).To(Succeed())
}

// renumbered is what a renumbering changes on purpose, and what still names an old address although
// everybody did what they should. What is not here is what a runbook forgot.
var renumbered = []drift.Planned{
	{Kind: harness.KindFile, Key: "/etc/consul.d/*", Because: "the runbook writes the new addresses into it"},
	{Kind: harness.KindFile, Key: "/etc/nomad.d/*", Because: "the runbook writes the new addresses into it"},
	{Kind: harness.KindMention, Key: "file /etc/hosts", Because: "the lab has named every node there, and nobody here asks it"},
	{Kind: harness.KindMention, Key: "socket tcp clos**", Because: "the kernel keeps a connection until it is sure that it is over"},
	{
		Kind: harness.KindMention, Key: "file /var/lib/consul/serf/*",
		Because: "gossip's diary of who was there, which it shortens by itself",
	},
	{
		Kind: harness.KindMention, Key: "file /var/lib/nomad/server/serf/*",
		Because: "gossip's diary of who was there, which it shortens by itself",
	},
	{
		Kind: harness.KindMention, Key: "consul catalog service nomad**",
		Because: "a Nomad that was started leaves registrations that it does not know alone for its first minute",
	},
	{
		Kind: harness.KindMention, Key: "file /var/lib/consul/services/*",
		Because: "the agent's copy of registrations that are still in the catalog",
	},
	{
		Kind: harness.KindMention, Key: "file /var/lib/consul/checks/*",
		Because: "the agent's copy of registrations that are still in the catalog",
	},
}
