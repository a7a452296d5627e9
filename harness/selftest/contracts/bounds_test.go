package contracts

import (
	"context"
	"fmt"
	"net"
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
	strayNode   = "stray"   // may set routes
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
	stray := node(strayNode, 11, harness.Limits{}, "")
	stray.System.Capabilities = harness.Capabilities{"NET_ADMIN": "it puts a default route back"}
	return harness.Topology{
		Name:     "bounds",
		Networks: []harness.Network{boundsNetwork},
		Nodes: []harness.Node{
			stray,
			node(hungryNode, 12, harness.Limits{Memory: 64 << 20}, "echo here; "),
			node(forkingNode, 13, harness.Limits{Processes: harness.MinimumProcesses}, ""),
			node(wordyNode, 14, harness.Limits{Log: harness.MinimumLog}, "seq 20000; "),
		},
	}
}

var _ = Describe("A lab", Label(boundsLabel), func() {
	It("has no way out, and none to the engine's machine, also for who puts a default route back", func(ctx SpecContext) {
		cluster := suite.Start(ctx, bounds())
		gateway6, gateway4 := harness.GatewayAddress(boundsNetwork.IPv6), harness.GatewayAddress(boundsNetwork.IPv4)
		run := func(argv ...string) string {
			output, err := cluster.Exec(ctx, strayNode, argv...)
			Expect(err).NotTo(HaveOccurred())
			return string(output)
		}
		// Sends to a port where nobody listens: a machine within reach refuses. Returns what was counted.
		try := func(address string) lab.Egress {
			By("trying " + address)
			count, err := cluster.WatchEgress(ctx, cluster.Prefixes())
			Expect(err).NotTo(HaveOccurred())
			Expect(run("bash", "-c", `timeout 2 bash -c '</dev/tcp/`+address+`/9' 2>&1; true`)).NotTo(ContainSubstring("refused"),
				address+" was reached")
			counted, err := count(ctx)
			Expect(err).NotTo(HaveOccurred())
			return counted
		}
		machine := linkLayerIn(run("ip", "-6", "neigh", "show", gateway6.String()))
		// Else the kernel asks it whether it is still there, gets no answer, and sends nothing more.
		run("ip", "-6", "neigh", "replace", gateway6.String(), "lladdr", machine.String(), "dev", "eth0", "nud", "permanent")
		run("ip", "-6", "route", "replace", "default", "via", gateway6.String(), "dev", "eth0")
		run("ip", "-4", "route", "replace", "default", "via", "inet6", gateway6.String(), "dev", "eth0")
		for _, address := range []string{gateway6.String(), "2001:db8::1", "203.0.113.1"} {
			Expect(try(address)).To(And(
				HaveField("Packets", BeNumerically(">", 0)),
				HaveField("Examples", ContainElement(HaveSuffix(" > "+address))),
			), "what was sent to "+address+" was not counted")
		}
		// Docker gives its machine the first one, the kernel the other.
		Expect(try("fe80::1%eth0").Packets+try(linkLocalOf(machine)+"%eth0").Packets).To(BeNumerically(">", 0),
			"what was sent to the machine's link-local addresses was not counted")
		try(gateway4.String()) // which the machine need not have
		By("counting nothing while nodes only talk to each other")
		count, err := cluster.WatchEgress(ctx, cluster.Prefixes())
		Expect(err).NotTo(HaveOccurred())
		run("bash", "-c", "timeout 2 bash -c '</dev/tcp/"+hungryNode+"/9' 2>&1; true")
		Expect(count(ctx)).To(HaveField("Packets", BeZero()))
	}, SpecTimeout(5*time.Minute))

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
		Eventually(ctx, func() ([]harness.LogLine, error) { return cluster.Log(ctx, hungryNode, time.Time{}) }).
			WithTimeout(time.Minute).Should(HaveExactElements(HaveField("Text", "here")))
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

// linkLayerIn is the link-layer address in what `ip neigh show` prints.
func linkLayerIn(neighbour string) net.HardwareAddr {
	_, rest, _ := strings.Cut(neighbour, "lladdr ")
	text, _, _ := strings.Cut(rest, " ")
	address, err := net.ParseMAC(text)
	Expect(err).NotTo(HaveOccurred(), "no link-layer address in "+neighbour)
	return address
}

// linkLocalOf is the link-local address that a kernel makes of a link-layer address.
func linkLocalOf(raw net.HardwareAddr) string {
	return netip.AddrFrom16([16]byte{
		0: 0xfe, 1: 0x80, 8: raw[0] ^ 2, 9: raw[1], 10: raw[2], 11: 0xff, 12: 0xfe, 13: raw[3], 14: raw[4], 15: raw[5],
	}).String()
}
