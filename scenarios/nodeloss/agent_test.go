package nodeloss

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/k3s"
)

// A tolerance is how long a pod puts up with the loss of its node, and the target that leaves: Kubernetes
// itself needs most of a minute to believe in the loss, whatever the pod says.
type tolerance struct {
	toleration time.Duration // 0: Kubernetes' default, 300 s
	rto        time.Duration
}

var (
	byDefault = tolerance{rto: 7 * time.Minute}
	tuned     = tolerance{toleration: 5 * time.Second, rto: 90 * time.Second}
)

var _ = Describe("An agent that is lost with a Deployment on it", Label("k3s"), func() {
	DescribeTable("has its pod replaced on another node", func(ctx SpecContext, lose fault.Loss, tolerance tolerance) {
		drill := begin(ctx, fixtures.K3sCluster(1, 2), harness.Objective{RTO: tolerance.rto, NoData: true}, tolerance.toleration)
		service := serviceAt("server-1")
		steady := harness.All(service)
		Expect(drill.Unaffected(ctx, apiAt("server-1"))).To(Succeed())
		By("asking Kubernetes' own settings how long it will take")
		prediction, err := cluster.PredictReschedule(ctx, drill.Lab, namespace, canary)
		Expect(err).NotTo(HaveOccurred())
		recording, err := cluster.Record(ctx, drill.Lab, namespace, canary)
		Expect(err).NotTo(HaveOccurred())

		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		Expect(drill.Inject(ctx, lose(prediction.Node))).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("leaving it to Kubernetes")
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(drill.Record().Judgement.RecoveredBy).To(Equal(harness.BySelf))

		By("putting what was measured beside what was predicted")
		compare(ctx, drill, prediction, recording)
		drill.Finding(fmt.Sprintf("the first thing that a client was told: %s", firstError(drill, service)))
	},
		Entry("processes killed, tuned toleration", fault.Loss(fault.Killed), tuned, SpecTimeout(6*time.Minute)),
		Entry("power lost, tuned toleration", fault.Loss(fault.Unpowered), tuned, SpecTimeout(6*time.Minute)),
		Entry("processes killed, default toleration", fault.Loss(fault.Killed), byDefault, SpecTimeout(15*time.Minute)),
		Entry("power lost, default toleration", fault.Loss(fault.Unpowered), byDefault, SpecTimeout(15*time.Minute)),
	)
})

// compare keeps the prediction, the timeline and the difference between the two. The replacement must be on
// another node: a pod that comes back where it was says nothing about rescheduling.
func compare(ctx context.Context, drill *suite.Drill, prediction k3s.Prediction, recording *k3s.Recording) {
	GinkgoHelper()
	record := drill.Record()
	timeline := recording.Timeline(prediction.Node, record.Started.Add(record.Fault.At))
	drill.Observe("rescheduling, predicted and measured", prediction.Node, prediction.Compare(timeline))
	measured, seen := timeline.After(k3s.PodReady)
	Expect(seen).To(BeTrue(), "nobody saw the new pod become Ready:\n%s", timeline)
	shortest, longest, known := prediction.Until(k3s.PodReady)
	Expect(known).To(BeTrue(), "nothing was predicted:\n%s", prediction)
	drill.Finding(fmt.Sprintf("new pod Ready %.1f s after the loss; %.1f to %.1f s predicted from Kubernetes' settings",
		measured.Seconds(), shortest.Seconds(), longest.Seconds()))
	now, err := cluster.PodNode(ctx, drill.Lab, namespace, canary)
	Expect(err).NotTo(HaveOccurred())
	Expect(now).NotTo(Equal(prediction.Node))
}
