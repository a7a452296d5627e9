package k3s

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/reprise-dr/reprise/harness"
)

// What k3s prints, as evidence to look for. The wording is that of k3s 1.34.0; where it is written in the
// sources of k3s and kine is in parentheses.
const (
	// LogNotADatabase: what SQLite says of a file that is none.
	LogNotADatabase = "file is not a database"
	// LogMalformed: what SQLite says of a database with rubbish in it.
	LogMalformed = "database disk image is malformed"
)

// evidenceEvents is how many of the latest events Evidence tells: those of a few minutes.
const evidenceEvents = 60

// Evidence is what an operator would look at first, as text for the record: all nodes, all pods, and the
// latest events.
func (c Cluster) Evidence(ctx context.Context, observer harness.Observer) (string, error) {
	var text string
	err := limited(func(ctx context.Context) error {
		return c.ask(ctx, observer, new(keyring), func(ctx context.Context, client *kubernetes.Clientset) error {
			nodes, err := client.CoreV1().Nodes().List(ctx, meta.ListOptions{})
			if err != nil {
				return err
			}
			pods, err := client.CoreV1().Pods(meta.NamespaceAll).List(ctx, meta.ListOptions{})
			if err != nil {
				return err
			}
			events, err := client.CoreV1().Events(meta.NamespaceAll).List(ctx, meta.ListOptions{})
			if err != nil {
				return err
			}
			text = describeNodes(nodes.Items) + "\n" + describePods(pods.Items) + "\n" + describeEvents(events.Items)
			return nil
		})
	})(ctx)
	return text, err
}

// table lays rows out in columns.
func table(rows [][]string) string {
	var text strings.Builder
	writer := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(writer, strings.Join(row, "\t"))
	}
	_ = writer.Flush() // into memory
	return text.String()
}

func describeNodes(nodes []core.Node) string {
	rows := [][]string{{"NODE", "READY", "SINCE", "TAINTS", "WHY"}}
	for _, node := range nodes {
		condition := conditionOf(node, core.NodeReady)
		rows = append(rows, []string{
			node.Name, string(condition.Status), moment(condition.LastTransitionTime),
			orNone(taintsOf(node)), strings.TrimSpace(because(condition)),
		})
	}
	return table(rows)
}

func describePods(pods []core.Pod) string {
	rows := [][]string{{"POD", "NODE", "PHASE", "SINCE", "WHY NOT READY"}}
	for _, pod := range pods {
		why, phase := "", string(pod.Status.Phase)
		if err := podUnready(pod); err != nil {
			why = err.Error()
		}
		if pod.DeletionTimestamp != nil {
			phase += " (terminating)"
		}
		rows = append(rows, []string{
			pod.Namespace + "/" + pod.Name, orNone([]string{pod.Spec.NodeName}), phase,
			moment(pod.CreationTimestamp), why,
		})
	}
	return table(rows)
}

func describeEvents(events []core.Event) string {
	slices.SortStableFunc(events, func(a, b core.Event) int { return eventTime(a).Compare(eventTime(b)) })
	rows := [][]string{{"LAST SEEN", "ABOUT", "REASON", "MESSAGE"}}
	for _, event := range events[max(0, len(events)-evidenceEvents):] {
		about := strings.ToLower(event.InvolvedObject.Kind) + " " + event.InvolvedObject.Name
		rows = append(rows, []string{
			eventTime(event).UTC().Format(time.TimeOnly), about, event.Reason,
			strings.ReplaceAll(event.Message, "\n", " "),
		})
	}
	return table(rows)
}

// eventTime is when an event was seen last. Old and new reporters write it in different fields.
func eventTime(event core.Event) time.Time {
	switch {
	case event.Series != nil:
		return event.Series.LastObservedTime.Time
	case !event.LastTimestamp.IsZero():
		return event.LastTimestamp.Time
	case !event.EventTime.IsZero():
		return event.EventTime.Time
	default:
		return event.CreationTimestamp.Time
	}
}

// taintsOf are the node's taints as kubectl writes them, "key:effect", sorted.
func taintsOf(node core.Node) []string {
	var taints []string
	for _, taint := range node.Spec.Taints {
		taints = append(taints, taint.Key+":"+string(taint.Effect))
	}
	slices.Sort(taints)
	return taints
}

func orNone(texts []string) string {
	if text := strings.Join(texts, ","); text != "" {
		return text
	}
	return "-"
}

func moment(at meta.Time) string { return at.UTC().Format(time.TimeOnly) }
