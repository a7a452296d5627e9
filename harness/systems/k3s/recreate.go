package k3s

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	core "k8s.io/api/core/v1"

	"github.com/reprise-dr/reprise/harness"
)

// RecreatePods deletes the pods with these labels, has their controller make new ones, and waits until these
// are Ready: what helps when a pod has read something at its start that has changed since.
func (c Cluster) RecreatePods(namespace, selector string) harness.Runbook {
	return recreation{cluster: c, namespace: namespace, selector: selector}
}

// DeletePods deletes the pods with these labels and waits until others have been made in their place,
// whatever becomes of those: for faults that have to make a pod start anew.
func (c Cluster) DeletePods(namespace, selector string) func(ctx context.Context, lab harness.Lab) error {
	return func(ctx context.Context, lab harness.Lab) error {
		r := recreation{cluster: c, namespace: namespace, selector: selector}
		old := deletedPods{}
		if err := r.delete(ctx, lab, old); err != nil {
			return err
		}
		return r.await(ctx, lab, old, false)
	}
}

type recreation struct {
	cluster             Cluster
	namespace, selector string
}

// deletedPods are the pods that have been deleted.
type deletedPods map[types.UID]bool

func (r recreation) Name() string {
	return fmt.Sprintf("k3s: recreate pods %s in %s", r.selector, r.namespace)
}

func (r recreation) Steps() []harness.Step {
	old := deletedPods{}
	return []harness.Step{
		{
			Name: fmt.Sprintf("delete pods %s in %s", r.selector, r.namespace),
			Do:   func(ctx context.Context, operator harness.Operator) error { return r.delete(ctx, operator, old) },
		},
		{
			Name: "wait until the new pods are Ready",
			Do:   func(ctx context.Context, operator harness.Operator) error { return r.await(ctx, operator, old, true) },
		},
	}
}

// delete deletes the pods, with the time they ask for to end.
func (r recreation) delete(ctx context.Context, operator harness.Operator, old deletedPods) error {
	err := limited(func(ctx context.Context) error {
		return r.cluster.ask(ctx, operator, new(keyring), func(ctx context.Context, client *kubernetes.Clientset) error {
			pods, err := presentPods(ctx, client, r.namespace, r.selector)
			if err != nil {
				return err
			}
			for _, pod := range pods {
				// Only this pod: one of the same name that has come since is not the one to lose.
				err := client.CoreV1().Pods(r.namespace).Delete(ctx, pod.Name,
					meta.DeleteOptions{Preconditions: meta.NewUIDPreconditions(string(pod.UID))})
				if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
					return fmt.Errorf("delete pod %s: %w", pod.Name, err)
				}
				old[pod.UID] = true
			}
			return nil
		})
	})(ctx)
	if err == nil && len(old) == 0 {
		return fmt.Errorf("there is no pod %s in %s to recreate", r.selector, r.namespace)
	}
	return err
}

// await waits until as many other pods are there, and Ready if they have to be.
func (r recreation) await(ctx context.Context, observer harness.Observer, old deletedPods, ready bool) error {
	keys := new(keyring)
	return waitForPods.Until(ctx, limited(func(ctx context.Context) error {
		var seen error
		err := r.cluster.ask(ctx, observer, keys, func(ctx context.Context, client *kubernetes.Clientset) error {
			pods, err := presentPods(ctx, client, r.namespace, r.selector)
			if err != nil {
				return err
			}
			seen = replaced(pods, old, ready)
			return nil
		})
		return harness.JoinErrors(err, seen)
	}))
}

// replaced tells why the pods are not all there again, or nil.
func replaced(pods []core.Pod, old deletedPods, ready bool) error {
	fresh := 0
	for _, pod := range pods {
		if old[pod.UID] {
			return fmt.Errorf("pod %s has not been deleted yet", pod.Name)
		}
		if err := podUnready(pod); ready && err != nil {
			return err
		}
		fresh++
	}
	if fresh < len(old) {
		return fmt.Errorf("%d of %d pods have been made again", fresh, len(old))
	}
	return nil
}
