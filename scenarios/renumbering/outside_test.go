package renumbering

import (
	"net/netip"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/suite"
)

var _ = Describe("The lab", func() {
	It("keeps who is elsewhere on the internet within reach of who has moved, and where it was", func(ctx SpecContext) {
		lan := harness.NewNetwork("lan", 19)
		server := harness.System{Image: fixtures.Debian(), Command: []string{harness.AgentPath, "canary", "-listen=:8080"}}
		home, away := lan.Node("home", "site", 11, server), lan.Node("away", "registrar", 12, server)
		away.Outside = true
		pair := suite.Start(ctx, harness.Topology{
			Name: "outside", Networks: []harness.Network{lan}, Nodes: []harness.Node{home, away},
		})
		connects := func(from string, to netip.Addr) error {
			connection, err := pair.Dial(ctx, from, "tcp", netip.AddrPortFrom(to, canaryPort).String())
			if err != nil {
				return err
			}
			return connection.Close()
		}
		waitForServers := func() {
			GinkgoHelper()
			for _, node := range pair.Topology().Nodes {
				Eventually(func() error { return connects(node.Name, netip.IPv6Loopback()) }, 10*time.Second, 50*time.Millisecond).
					Should(Succeed(), node.Name)
			}
		}
		reached := func(from, to string) {
			GinkgoHelper()
			now, err := pair.Addresses(to)
			Expect(err).NotTo(HaveOccurred())
			for _, address := range []netip.Addr{now.IPv6, now.IPv4} {
				Expect(connects(from, address)).To(Succeed(), "%s does not reach %s at %s", from, to, address)
			}
		}
		everybody := func() {
			GinkgoHelper()
			reached(home.Name, away.Name)
			reached(away.Name, home.Name)
			reached(harness.VantageObserver, away.Name)
		}
		waitForServers()
		everybody()
		By("moving every node, then switching both off and on")
		injection, err := everyPrefix.Inject(ctx, pair)
		Expect(err).NotTo(HaveOccurred())
		Expect(injection.Confirm(ctx)).To(ContainSubstring("1 nodes answer on their new addresses"))
		Expect(pair.Addresses(away.Name)).To(Equal(harness.Addresses{IPv6: away.IPv6, IPv4: away.IPv4}))
		everybody()
		for _, node := range pair.Topology().Nodes {
			Expect(pair.PowerOff(ctx, node.Name)).To(Succeed())
			Expect(pair.PowerOn(ctx, node.Name)).To(Succeed())
		}
		waitForServers()
		everybody()
	}, SpecTimeout(3*time.Minute))
})
