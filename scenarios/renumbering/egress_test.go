package renumbering

import (
	"net/netip"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/nomad"
)

var _ = Describe("The lab", Label("nomad", "consul"), func() {
	It("sends no packet outside its own prefixes", Label("smoke"), func(ctx SpecContext) {
		By("counting from a restart of every product: that is when they ask clouds and vendors who and where they are")
		cluster := suite.Start(ctx, fixtures.NomadConsul(3))
		count, err := cluster.WatchEgress(ctx, cluster.Prefixes())
		Expect(err).NotTo(HaveOccurred())
		for _, node := range cluster.Topology().Nodes {
			Expect(cluster.Stop(ctx, node.Name)).To(Succeed())
			Expect(cluster.Start(ctx, node.Name)).To(Succeed())
		}
		Expect(nomad.Run(ctx, cluster, nomad.Canary(canaryPort))).To(Succeed())
		Expect(count(ctx)).To(HaveField("Packets", BeZero()))

		By("proving that the counter counts: seen from an empty lab, every packet leaves")
		count, err = cluster.WatchEgress(ctx, []netip.Prefix{})
		Expect(err).NotTo(HaveOccurred())
		Expect(byNewAddress().Check(ctx, cluster)).To(Succeed())
		Expect(count(ctx)).To(HaveField("Packets", BeNumerically(">", 0)))
	}, SpecTimeout(4*time.Minute))
})
