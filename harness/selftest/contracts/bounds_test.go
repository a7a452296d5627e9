package contracts

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/suite"
)

const boundsLabel = "bounds"

// The nodes that show what a lab lets them do.
const (
	hungryNode  = "hungry"  // has little memory
	forkingNode = "forking" // may run few processes
	wordyNode   = "wordy"   // prints more than is kept of it
)

var boundsNetwork = harness.Network{
	Name: "lan", IPv6: netip.MustParsePrefix("fd00:b0::/64"), IPv4: netip.MustParsePrefix("10.201.96.0/24"),
}

// bounds are nodes that go to their limits.
func bounds() harness.Topology {
	node := func(name string, host int, limits harness.Limits, script string) harness.Node {
		return boundsNetwork.Node(name, name, host, harness.System{
			Image: fixtures.Debian(), Command: []string{"sh", "-c", script + "exec sleep infinity"}, Limits: limits,
		})
	}
	return harness.Topology{
		Name:     "bounds",
		Networks: []harness.Network{boundsNetwork},
		Nodes: []harness.Node{
			node(hungryNode, 12, harness.Limits{Memory: 64 << 20}, "echo here; "),
			node(forkingNode, 13, harness.Limits{Processes: harness.MinimumProcesses}, ""),
			node(wordyNode, 14, harness.Limits{Log: harness.MinimumLog}, "seq 20000; "),
		},
	}
}

var _ = Describe("A lab", Label(boundsLabel), func() {
	It("says which limits its nodes have reached", func(ctx SpecContext) {
		cluster := suite.Start(ctx, bounds())
		Expect(reachedLimits(ctx, cluster)).To(BeEmpty())

		By("taking more memory than there is, and no more after a reinstallation")
		_, err := cluster.Exec(ctx, hungryNode, "tail", "/dev/zero")
		Expect(err).To(HaveOccurred())
		told := HaveExactElements(HavePrefix(hungryNode + " has reached its limit of 64 MiB of memory"))
		Expect(reachedLimits(ctx, cluster)).To(told)
		Expect(cluster.Reinstall(ctx, hungryNode)).To(Succeed())
		Expect(reachedLimits(ctx, cluster)).To(told)

		By("starting more processes than there may be")
		_, err = cluster.Exec(ctx, forkingNode, "perl", "-e",
			fmt.Sprintf("for (1..%d) { defined(my $pid = fork) or exit 7; exec 'sleep', '60' unless $pid }", harness.MinimumProcesses))
		Expect(err).To(MatchError(ContainSubstring("7")))
		Expect(reachedLimits(ctx, cluster)).To(ContainElement(HavePrefix(
			fmt.Sprintf("%s has reached its limit of %d processes", forkingNode, harness.MinimumProcesses))))
	}, SpecTimeout(5*time.Minute))

	It("says whose log it has not kept whole, there and in the record", func(ctx SpecContext) {
		cluster := suite.Start(ctx, bounds())
		const marker = "the log's limit of 64 KiB was reached"
		var lines []harness.LogLine
		Eventually(ctx, func() (harness.LogLine, error) {
			var err error
			lines, err = cluster.Log(ctx, wordyNode, time.Time{})
			return append(lines, harness.LogLine{})[max(0, len(lines)-1)], err
		}).WithTimeout(time.Minute).Should(HaveField("Text", "20000"))
		Expect(lines[0].Text).To(ContainSubstring(marker))
		Expect(lines[1].Text).NotTo(Equal("1"))
		Expect(cluster.Log(ctx, wordyNode, lines[len(lines)-1].At)).NotTo(ContainElement(HaveField("Text", ContainSubstring(marker))))
		Expect(cluster.Log(ctx, hungryNode, time.Time{})).To(HaveExactElements(HaveField("Text", "here")))
		Expect(cluster.CutLogs(ctx)).To(HaveExactElements(ContainSubstring("the log of " + wordyNode + " is not whole")))
	}, SpecTimeout(5*time.Minute))
})

// reachedLimits are what a drill on the lab would be doubted for, but for what the engine's disk says.
func reachedLimits(ctx context.Context, cluster *lab.Lab) []string {
	var reached []string
	for _, shortage := range cluster.Shortages(ctx) {
		if !strings.Contains(shortage, "the disk of the container engine") {
			reached = append(reached, shortage)
		}
	}
	return reached
}
