package virtualisation

import (
	"io/fs"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/ganeti"
)

var _ = Describe("A guest of the full pair", Label("ganeti", "drbd", fullPair, "nightly"), func() {
	It("goes on from its snapshot once, boots from its disks after that, and has empty ones when it is installed anew",
		func(ctx SpecContext) {
			cluster := suite.Start(ctx, fixtures.GanetiPair())
			const file, membership = "/root/kept", "/var/lib/ganeti/server.pem"
			boot := func() string {
				id, err := cluster.Exec(ctx, node2, "cat", "/proc/sys/kernel/random/boot_id")
				Expect(err).NotTo(HaveOccurred())
				return strings.TrimSpace(string(id))
			}
			booted := func() {
				_, err := runbook.Run(ctx, cluster, ganeti.Booted(node2))
				Expect(err).NotTo(HaveOccurred())
			}

			By("finding it as a member of the cluster that the snapshot was made of")
			booted()
			first := boot()
			Expect(cluster.ReadFile(ctx, node2, membership)).NotTo(BeEmpty())
			Expect(cluster.WriteFile(ctx, node2, harness.File{Path: file, Data: []byte("written here")})).To(Succeed())

			By("switching it off and on")
			Expect(cluster.PowerOff(ctx, node2)).To(Succeed())
			Expect(cluster.PowerOn(ctx, node2)).To(Succeed())
			booted()
			second := boot()
			Expect(second).NotTo(Equal(first), "it went on instead of booting")
			Expect(cluster.ReadFile(ctx, node2, file)).To(Equal([]byte("written here")))

			By("having it installed anew")
			Expect(cluster.Reinstall(ctx, node2)).To(Succeed())
			booted()
			Expect(boot()).NotTo(BeElementOf(first, second))
			for _, gone := range []string{file, membership} {
				_, err := cluster.ReadFile(ctx, node2, gone)
				Expect(err).To(MatchError(fs.ErrNotExist), gone)
			}
		}, SpecTimeout(15*time.Minute))
})
