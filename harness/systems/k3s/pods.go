package k3s

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/reprise-dr/reprise/harness"
)

// PodsReady claims that there is a pod with these labels, and that all of them are Ready on nodes that are
// Ready. Pods that are on their way out, or have done their work, do not count. It is asked every 500 ms.
func (c Cluster) PodsReady(namespace, selector string) harness.Probe {
	return c.claim(fmt.Sprintf("pods %s in %s Ready", selector, namespace), func(ctx context.Context, observer harness.Observer,
		client *kubernetes.Clientset,
	) (seen, err error) {
		pods, err := presentPods(ctx, client, namespace, selector)
		if err != nil {
			return nil, err
		}
		nodes, err := nodeStates(ctx, observer, client)
		if err != nil {
			return nil, err
		}
		return allReady(pods, nodes), nil
	})
}

// Available claims that a Deployment has as many available replicas as it wants, all of its present
// description. It is asked every 500 ms.
func (c Cluster) Available(namespace, deployment string) harness.Probe {
	name := namespace + "/" + deployment
	return c.claim("deployment "+name+" available", func(ctx context.Context, _ harness.Observer,
		client *kubernetes.Clientset,
	) (seen, err error) {
		found, err := client.AppsV1().Deployments(namespace).Get(ctx, deployment, meta.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return fmt.Errorf("there is no deployment %s", name), nil
		case err != nil:
			return nil, err
		}
		wanted := int32(1) // Kubernetes' default
		if found.Spec.Replicas != nil {
			wanted = *found.Spec.Replicas
		}
		status := found.Status
		switch {
		case status.ObservedGeneration < found.Generation:
			return fmt.Errorf("deployment %s: its last change has not been seen yet", name), nil
		case status.AvailableReplicas < wanted:
			return fmt.Errorf("deployment %s: %d of %d replicas are available", name, status.AvailableReplicas, wanted), nil
		case status.UpdatedReplicas < wanted:
			return fmt.Errorf("deployment %s: %d of %d replicas are up to date", name, status.UpdatedReplicas, wanted), nil
		}
		return nil, nil
	})
}

// PodNode names the node that a pod with these labels is on: of several, one that is Ready, and of those the
// first by name.
func (c Cluster) PodNode(ctx context.Context, observer harness.Observer, namespace, selector string) (string, error) {
	pod, err := c.pod(ctx, observer, namespace, selector)
	return pod.Spec.NodeName, err
}

// pod finds the pod that PodNode means.
func (c Cluster) pod(ctx context.Context, observer harness.Observer, namespace, selector string) (core.Pod, error) {
	var pods []core.Pod
	err := limited(func(ctx context.Context) error {
		return c.ask(ctx, observer, new(keyring), func(ctx context.Context, client *kubernetes.Clientset) (err error) {
			pods, err = presentPods(ctx, client, namespace, selector)
			return err
		})
	})(ctx)
	if err != nil {
		return core.Pod{}, err
	}
	pods = slices.DeleteFunc(pods, func(pod core.Pod) bool { return pod.Spec.NodeName == "" })
	if len(pods) == 0 {
		return core.Pod{}, fmt.Errorf("no pod %s in %s is on a node", selector, namespace)
	}
	for _, pod := range pods {
		if podUnready(pod) == nil {
			return pod, nil
		}
	}
	return pods[0], nil
}

// presentPods are the pods with these labels that are meant to run, sorted by name.
func presentPods(ctx context.Context, client kubernetes.Interface, namespace, selector string) ([]core.Pod, error) {
	list, err := client.CoreV1().Pods(namespace).List(ctx, meta.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	pods := slices.DeleteFunc(list.Items, func(pod core.Pod) bool {
		return pod.DeletionTimestamp != nil || pod.Status.Phase == core.PodSucceeded || pod.Status.Phase == core.PodFailed
	})
	slices.SortFunc(pods, func(a, b core.Pod) int { return strings.Compare(a.Name, b.Name) })
	return pods, nil
}

// allReady tells why not all of the pods are Ready on Ready nodes, or nil.
func allReady(pods []core.Pod, nodes []nodeState) error {
	if len(pods) == 0 {
		return errors.New("there is no such pod")
	}
	var errs []error
	for _, pod := range pods {
		err := podUnready(pod)
		for _, node := range nodes {
			if err == nil && node.name == pod.Spec.NodeName && node.unready != nil {
				err = fmt.Errorf("pod %s is Ready, but %w", pod.Name, node.unready)
			}
		}
		errs = append(errs, err)
	}
	return harness.JoinErrors(errs...)
}

// podUnready tells why a pod is not Ready, or nil. What keeps a container waiting says more than the
// condition does.
func podUnready(pod core.Pod) error {
	var why []string
	for _, condition := range pod.Status.Conditions {
		if condition.Type == core.PodReady && condition.Status == core.ConditionTrue {
			return nil
		}
		if condition.Type == core.PodScheduled && condition.Status == core.ConditionFalse {
			why = append(why, condition.Message)
		}
	}
	for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		switch state := container.State; {
		case state.Waiting != nil:
			why = append(why, strings.TrimSuffix(fmt.Sprintf("%s waits: %s: %s", container.Name, state.Waiting.Reason,
				state.Waiting.Message), ": "))
		case state.Terminated != nil && state.Terminated.ExitCode != 0:
			why = append(why, fmt.Sprintf("%s ended with %d", container.Name, state.Terminated.ExitCode))
		}
	}
	sentence := fmt.Sprintf("pod %s is %s and not Ready", pod.Name, orUnknown(string(pod.Status.Phase)))
	if len(why) > 0 {
		sentence += " (" + strings.Join(why, ", ") + ")"
	}
	return errors.New(sentence)
}

func orUnknown(text string) string {
	if text == "" {
		return "in no known phase"
	}
	return text
}
