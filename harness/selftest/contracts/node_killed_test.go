package contracts

import (
	"context"
	"net/netip"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/suite"
)

// A product is root on its node, and may kill what the node is made of: process 1 is the agent, and the supervisor is the other
// process of the same name.
// oneMachine is the second of the machines alone, and serves claims that its web server answers.
func oneMachine() harness.Topology {
	topology := machines()
	topology.Name, topology.Nodes = "one", topology.Nodes[1:]
	return topology
}

func serves() harness.Probe {
	check := harness.Check{HTTP: &harness.HTTPCheck{At: netip.AddrPortFrom(secondAt, 8080)}}
	return probe.NetworkProbe{Label: second + " serves", Checks: probe.Fixed(check)}
}

// beginsKilled is the drill up to the moment at which the product strikes: nothing else does.
func beginsKilled(ctx context.Context, drill *suite.Drill) error {
	wait := harness.Wait{For: second + " to serve", Interval: 200 * time.Millisecond, Limit: time.Minute}
	err := wait.Until(ctx, func(ctx context.Context) error { return serves().Check(ctx, drill.Lab) })
	if err == nil {
		err = drill.Baseline(ctx, harness.All(serves()))
	}
	if err == nil {
		err = drill.Inject(ctx, fault.NoFault{})
	}
	return err
}

var _ = Describe("A product that kills what its node is made of", Label(secretsLabel, "kills"), func() {
	const supervisors = `for process in /proc/[0-9]*; do
		if [ "$(cat $process/comm)" = reprise-agent ] && [ $process != /proc/1 ]; then kill -KILL ${process#/proc/}; fi
	done`
	DescribeTable("makes the drill inconclusive, and says which node is gone", func(ctx SpecContext, script, gone string) {
		drill := suite.Begin(ctx, oneMachine(), harness.Objective{RTO: 5 * time.Second, NoData: true})
		drill.Claim(harness.Inconclusive, "the product ends its node, which no machine can do to itself")
		Expect(beginsKilled(ctx, drill)).To(Succeed())
		_, _ = drill.Lab.Exec(ctx, second, "sh", "-c", script) // which ends with the node
		err := drill.Detect(ctx, harness.All(serves()))
		if err == nil { // the web server is missed before the node is
			err = drill.AwaitRecovery(ctx, harness.All(serves()))
		}
		Expect(err).To(MatchError(harness.ErrLabLost))
		Expect(drill.Judge()).To(Succeed())
		Expect(drill.Record().Judgement.Verdict).To(Equal(harness.Inconclusive))
		Expect(drill.Record().Doubts).To(ContainElement(And(HavePrefix(gone), ContainSubstring("no fault does that"))))
	},
		Entry("by asking the agent to end", "kill -TERM 1", "the agent of "+second+" is gone", SpecTimeout(3*time.Minute)),
		Entry("by killing the supervisor", supervisors, "the supervisor of "+second+" is gone", SpecTimeout(3*time.Minute)),
	)

	It("cannot kill the agent: the kernel keeps process 1 from being killed from within", func(ctx SpecContext) {
		cluster := suite.Start(ctx, oneMachine())
		_, err := cluster.Exec(ctx, second, "sh", "-c", "kill -KILL 1")
		Expect(err).NotTo(HaveOccurred())
		Expect(harness.Wait{For: second + " to serve", Interval: 200 * time.Millisecond, Limit: time.Minute}.Until(ctx,
			func(ctx context.Context) error { return serves().Check(ctx, cluster) })).To(Succeed())
		Expect(cluster.Losses(ctx)).To(BeEmpty())
	}, SpecTimeout(3*time.Minute))
})
