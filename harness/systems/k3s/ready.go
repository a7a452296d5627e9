package k3s

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"

	"github.com/reprise-dr/reprise/harness"
)

// Answers claims that an API server is ready to serve, its datastore included. It is asked every 500 ms.
func (c Cluster) Answers() harness.Probe {
	name := "Kubernetes API ready"
	if len(c.Servers) > 0 {
		name += " on " + strings.Join(c.Servers, " or ")
	}
	return c.claim(name, func(ctx context.Context, _ harness.Observer, client *kubernetes.Clientset) (seen, err error) {
		return nil, ready(ctx, client)
	})
}

// ready asks an API server whether it is. What it answers in plain text comes as the cause of an error.
func ready(ctx context.Context, client *kubernetes.Clientset) error {
	err := client.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	refusal, refused := errors.AsType[*apierrors.StatusError](err)
	if !refused || refusal.Status().Details == nil {
		return err
	}
	for _, cause := range refusal.Status().Details.Causes {
		if missing := failedChecks(cause.Message); len(missing) > 0 {
			return fmt.Errorf("not ready yet: %s", strings.Join(missing, ", "))
		}
	}
	return err
}

// failedChecks are those of an API server's list of checks that have not come true: "[-]etcd failed: reason withheld".
func failedChecks(list string) []string {
	var failed []string
	for line := range strings.Lines(list) {
		if check, found := strings.CutPrefix(line, "[-]"); found {
			name, _, _ := strings.Cut(check, " ")
			failed = append(failed, name)
		}
	}
	return failed
}
