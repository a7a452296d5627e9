package singlenode

import (
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/suite"
)

// Labels and names of the cluster's own name server.
const (
	dnsNamespace = "kube-system"
	dnsPods      = "k8s-app=kube-dns"
	insideName   = "kubernetes.default.svc.cluster.local."
)

func outsideNames() harness.Probe {
	return resolvedByPods("pods resolve names outside", fixtures.BlogOutsideName+".")
}

func insideNames() harness.Probe {
	return resolvedByPods("pods resolve names inside", insideName)
}

// badResolvConf writes a bad resolv.conf, and has CoreDNS start anew, as it does some day: a pod keeps the
// file that its node had when it began.
func badResolvConf(nameserver string) harness.Fault {
	return fault.BadResolvConf{
		Node: fixtures.BlogMachine, Content: "nameserver " + nameserver + "\n",
		Then: node.DeletePods(dnsNamespace, dnsPods), ThenName: "CoreDNS starts anew",
	}
}

var _ = Describe("A bad resolv.conf", Label("k3s", "dns", postmortem), func() {
	It("that names the machine itself makes CoreDNS crash, and what runs goes on", func(ctx SpecContext) {
		drill := begin(ctx, harness.Objective{RTO: 10 * time.Minute})
		steady, writes := harness.All(outsideNames(), insideNames()), writes()
		Expect(drill.Unaffected(ctx, pageServedAtAll())).To(Succeed())
		Expect(drill.Watch(ctx, commentsServed(), nodeReady())).To(Succeed())

		drill.Peace(ctx, steady, writes)
		By("having the node's resolv.conf name the loopback, which in a pod is the pod itself")
		Expect(drill.Inject(ctx, badResolvConf("127.0.0.1"))).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		keepComplaint(ctx, drill)
		repairByReplay(ctx, drill, steady, writes)
	}, SpecTimeout(20*time.Minute))

	It("that names a server nobody answers at takes the outside away, and nothing else", func(ctx SpecContext) {
		drill := begin(ctx, harness.Objective{RTO: 10 * time.Minute})
		steady, writes := harness.All(outsideNames()), writes()
		inside := insideNames()
		Expect(drill.Unaffected(ctx, pageServedAtAll())).To(Succeed())
		Expect(drill.Watch(ctx, inside, commentsServed(), nodeReady())).To(Succeed())

		drill.Peace(ctx, steady, writes)
		Expect(drill.Inject(ctx, badResolvConf("10.201.5.99"))).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("seeing names inside answered again by the new CoreDNS, bad file or not")
		Expect(drill.AwaitUp(ctx, inside)).To(Succeed())
		repairByReplay(ctx, drill, steady, writes)
	}, SpecTimeout(20*time.Minute))
})

var _ = Describe("A playbook that fails", Label("k3s", "ansible"), func() {
	It("leaves the drill missed, and the record says which task failed on which host", func(ctx SpecContext) {
		drill := begin(ctx, harness.Objective{RTO: 30 * time.Second, GiveUpAfter: 40 * time.Second, NoData: true})
		drill.Claim(harness.Missed, "a playbook that stops at its first task repairs nothing", harness.NotRecovered)
		steady := harness.All(outsideNames())
		broken := site(fixtures.BlogMachine)
		broken.Variables = map[string]string{"packages": "no-such-package"}

		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		Expect(drill.Inject(ctx, badResolvConf("10.201.5.99"))).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("playing a playbook that asks for a package that nobody has")
		Expect(drill.Repair(ctx, broken)).To(MatchError(And(ContainSubstring(`task "machine : Have the packages"`),
			ContainSubstring(fixtures.BlogMachine))))
		Expect(drill.AwaitRecovery(ctx, steady)).To(MatchError(harness.ErrNotRecovered))
		Expect(drill.Judge()).To(Succeed())
		steps := drill.Record().Steps
		Expect(steps[len(steps)-1].Error).To(ContainSubstring(`task "machine : Have the packages"`))
	}, SpecTimeout(10*time.Minute))
})

// repairByReplay is the rest of the story, which is the same whatever was wrong with the file.
func repairByReplay(ctx context.Context, drill *suite.Drill, steady harness.SteadyState, writes []harness.Ledger) {
	GinkgoHelper()
	By("replaying the playbook without reinstalling anything")
	Expect(drill.Repair(ctx, configuration(fixtures.BlogMachine))).To(Succeed())
	Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
	Expect(drill.Reconcile(ctx, writes)).To(Succeed())
	Expect(drill.Judge()).To(Succeed())
	tellOfComments(drill)
}

// loopDetected is how CoreDNS says why it ends itself.
const loopDetected = "Loop"

// awaitComplaint allows for a pod that has only just been made and ends every few seconds.
var awaitComplaint = harness.Wait{For: "CoreDNS to say what is wrong", Interval: 500 * time.Millisecond, Limit: time.Minute}

// keepComplaint keeps the line in which CoreDNS says that its questions come back to itself.
func keepComplaint(ctx context.Context, drill *suite.Drill) {
	GinkgoHelper()
	Expect(awaitComplaint.Until(ctx, func(ctx context.Context) error {
		log, err := drill.Lab.Exec(ctx, fixtures.BlogMachine, "kubectl", "--namespace="+dnsNamespace, "logs", "--selector="+dnsPods,
			"--tail=-1")
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(log)) {
			if strings.Contains(line, loopDetected) {
				drill.Observe("CoreDNS detects the loop", fixtures.BlogMachine, strings.TrimSpace(line))
				return nil
			}
		}
		return fmt.Errorf("its log does not mention a loop: %q", log)
	})).To(Succeed())
}

// tellOfComments tells what became of the program that asks the name server for its database: those of its
// requests had to wait that needed another connection to it.
func tellOfComments(drill *suite.Drill) {
	asked, failed := 0, 0
	fault := drill.Record().Fault
	for _, interval := range drill.SLI(commentsServed()).Intervals {
		if interval.From < fault.At {
			continue
		}
		asked += interval.Samples
		if !interval.Up {
			failed += interval.Samples
		}
	}
	drill.Finding(fmt.Sprintf("comments, which find their database by its name, failed %d of about %d requests after the fault",
		failed, asked))
}
