package k3s

import (
	"context"
	"fmt"
	"strings"
	"time"

	core "k8s.io/api/core/v1"

	"github.com/reprise-dr/reprise/harness"
)

// A Prediction is how long Kubernetes' own settings say it takes, from the silent loss of a node, until a
// pod on it has been replaced. The bounds leave out what the controllers need to act, which is well under a
// second on a machine that is not busy.
type Prediction struct {
	Node  string // the node that the pod is on
	Pod   string
	Terms []Term // one after the other
	// Never: the pod tolerates the loss of its node for ever, and is not replaced.
	Never bool
}

// A Term is one part of the time.
type Term struct {
	Name     string
	Min, Max time.Duration
	From     string // where the figures come from
	// Until is the change that comes at the end of this term; "" when nothing can be seen of it.
	Until Change
}

// Figures of Kubernetes 1.34 that cannot be set, each with where it is written in its sources.
const (
	// renewFraction of the lease's duration passes between two heartbeats, and up to renewJitter of that more
	// (nodeLeaseRenewIntervalFraction in pkg/kubelet, Run in component-helpers/apimachinery/lease).
	renewFraction = 0.25
	renewJitter   = 0.04
	// taintPeriod is how often nodes are tainted that are to lose their pods (NodeEvictionPeriod in
	// pkg/controller/nodelifecycle/scheduler).
	taintPeriod = 100 * time.Millisecond
	// retryJitter of the retry period passes at most beyond it between two attempts to take over from a
	// controller manager (JitterFactor in client-go/tools/leaderelection).
	retryJitter = 1.2
)

// PredictReschedule works out how long the pod with these labels (see [Cluster.PodNode]) will be gone when
// its node is lost, from the settings of the processes that run: ask in peace. It does not hold where three or
// more nodes are lost that are 55 % of all of them, or all are: evictions cease then.
//
// A killed node and one without power are lost alike: no process is left that could renew the lease.
func (c Cluster) PredictReschedule(
	ctx context.Context, observer harness.Observer, namespace, selector string,
) (Prediction, error) {
	pod, err := c.pod(ctx, observer, namespace, selector)
	if err != nil {
		return Prediction{}, err
	}
	settings, err := c.readSettings(ctx, observer, pod.Spec.NodeName)
	if err != nil {
		return Prediction{}, err
	}
	return predict(settings, pod), nil
}

// predict adds the terms up.
func predict(settings settings, pod core.Pod) Prediction {
	prediction := Prediction{Node: pod.Spec.NodeName, Pod: pod.Name}
	prediction.Terms = append(noticed(settings, pod.Spec.NodeName), Term{
		Name: "the node gets its taint", Max: taintPeriod + settings.monitorPeriod, Until: NodeTainted,
		From: "every 100 ms; at the next look at the nodes if the new state has not reached the cache by then",
	})
	toleration, forever := tolerated(pod)
	if forever {
		prediction.Never = true
		return prediction
	}
	prediction.Terms = append(prediction.Terms, Term{
		Name: "the pod tolerates that its node is unreachable", Min: toleration, Max: toleration, Until: PodEvicted,
		From: "tolerationSeconds of pod " + pod.Name,
	}, Term{
		Name: "another pod is created", Until: PodCreated, From: "its controller does so as soon as the pod is told to end",
	})
	if took, known := startOf(pod); known {
		prediction.Terms = append(prediction.Terms, Term{
			Name: "the new pod becomes Ready", Min: max(0, took-time.Second), Max: took + time.Second, Until: PodReady,
			From: fmt.Sprintf("pod %s took %v in peace, by stamps of whole seconds", pod.Name, took),
		})
	}
	return prediction
}

// noticed are the terms until the controller manager calls the node NotReady. If that is on the lost node
// itself, another one has to take over, and starts to count when it first sees the node.
func noticed(settings settings, node string) []Term {
	grace := Term{
		Name: "the grace period passes", Min: settings.gracePeriod, Max: settings.gracePeriod,
		From: "node-monitor-grace-period",
	}
	look := Term{Name: "the next look at the nodes", Max: settings.monitorPeriod, Until: NodeUnready, From: "node-monitor-period"}
	if settings.election.leader == node && node != "" {
		election := settings.election
		attempt := time.Duration(float64(election.retryPeriod) * (1 + retryJitter))
		return []Term{{
			Name: "another controller manager takes over",
			Min:  election.leaseDuration - election.retryPeriod,
			Max:  election.leaseDuration + 2*attempt,
			From: fmt.Sprintf("its leader is on %s; leader-elect-lease-duration %v, leader-elect-retry-period %v", node,
				election.leaseDuration, election.retryPeriod),
		}, grace, look}
	}
	renewal := time.Duration(float64(settings.leaseDuration) * renewFraction * (1 + renewJitter))
	return []Term{{
		Name: "the last heartbeat is older than the loss", Min: -renewal,
		From: fmt.Sprintf("a quarter of the lease's %v, and up to 4 %% more", settings.leaseDuration),
	}, {
		Name: "the heartbeat is seen", Max: settings.monitorPeriod, From: "node-monitor-period",
	}, grace, look}
}

// tolerated is how long the pod may stay on a node that is unreachable: of several tolerations the first that
// fits counts. The API server adds one of 300 s to every pod that comes without (DefaultTolerationSeconds).
func tolerated(pod core.Pod) (toleration time.Duration, forever bool) {
	taint := core.Taint{Key: core.TaintNodeUnreachable, Effect: core.TaintEffectNoExecute}
	for _, each := range pod.Spec.Tolerations {
		if !each.ToleratesTaint(&taint) {
			continue
		}
		if each.TolerationSeconds == nil {
			return 0, true
		}
		return time.Duration(max(0, *each.TolerationSeconds)) * time.Second, false
	}
	return 0, false
}

// startOf is how long the pod took from its creation until it was Ready, if it has been so ever since.
func startOf(pod core.Pod) (time.Duration, bool) {
	for _, container := range pod.Status.ContainerStatuses {
		if container.RestartCount > 0 {
			return 0, false
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == core.PodReady && condition.Status == core.ConditionTrue {
			return condition.LastTransitionTime.Sub(pod.CreationTimestamp.Time), true
		}
	}
	return 0, false
}

// Until are the bounds of the time from the loss to a change. It is false for a change that the prediction
// does not know.
func (p Prediction) Until(change Change) (shortest, longest time.Duration, known bool) {
	for _, term := range p.Terms {
		shortest += term.Min
		longest += term.Max
		if term.Until == change {
			return shortest, longest, true
		}
	}
	return 0, 0, false
}

// String is one line per term, with the sums where something can be seen.
func (p Prediction) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "From the loss of %s until pod %s is replaced, by Kubernetes' own settings:\n", p.Node, p.Pod)
	for _, term := range p.Terms {
		fmt.Fprintf(&text, "%16s  %s (%s)\n", span(term.Min, term.Max), term.Name, term.From)
		if term.Until != "" {
			shortest, longest, _ := p.Until(term.Until)
			fmt.Fprintf(&text, "%16s  = %s\n", span(shortest, longest), term.Until)
		}
	}
	if p.Never {
		text.WriteString("           never  the pod tolerates the loss of its node for ever\n")
	}
	return text.String()
}

// Compare puts what was measured beside what was predicted, and then tells how it went.
func (p Prediction) Compare(timeline Timeline) string {
	var text strings.Builder
	text.WriteString(p.String())
	for _, term := range p.Terms {
		if term.Until == "" {
			continue
		}
		shortest, longest, _ := p.Until(term.Until)
		fmt.Fprintf(&text, "%s: predicted %s, ", term.Until, span(shortest, longest))
		measured, seen := timeline.After(term.Until)
		switch {
		case !seen:
			text.WriteString("not seen\n")
		case measured < shortest:
			fmt.Fprintf(&text, "measured %s: %s less than predicted\n", seconds(measured), seconds(shortest-measured))
		case measured > longest:
			fmt.Fprintf(&text, "measured %s: %s more than predicted\n", seconds(measured), seconds(measured-longest))
		default:
			fmt.Fprintf(&text, "measured %s: as predicted\n", seconds(measured))
		}
	}
	text.WriteString(p.explain(timeline))
	text.WriteString("How it went:\n" + timeline.String())
	return text.String()
}

// explain says where in the bounds the loss has to lie, given when the last heartbeat was.
func (p Prediction) explain(timeline Timeline) string {
	if timeline.Heartbeat.IsZero() || len(p.Terms) == 0 || p.Terms[0].Min >= 0 {
		return ""
	}
	age := timeline.Lost.Sub(timeline.Heartbeat)
	shortest, longest, _ := p.Until(NodeUnready)
	shortest += -age - p.Terms[0].Min
	longest += -age - p.Terms[0].Max
	return fmt.Sprintf("The last heartbeat was %s old at the loss, which leaves %s until %s.\n", seconds(age),
		span(shortest, longest), NodeUnready)
}

// span is a range of seconds, or one figure where there is nothing between the bounds.
func span(shortest, longest time.Duration) string {
	if shortest == longest {
		return seconds(shortest)
	}
	return fmt.Sprintf("%.1f to %s", shortest.Seconds(), seconds(longest))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
