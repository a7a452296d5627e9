package k3s

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/raft"
)

// configMapsInterval is the time between two writes.
const configMapsInterval = 200 * time.Millisecond

// ledgerNamespace is where the ledger writes: it is there from the start and nothing else is in it.
const ledgerNamespace = meta.NamespaceDefault

// ConfigMaps is a ledger of ConfigMaps PREFIX-0, PREFIX-1, ... in the namespace "default", one every 200 ms,
// each by way of another server: what the cluster's own datastore has acknowledged.
func (c Cluster) ConfigMaps(prefix string) harness.Ledger {
	return configMaps{cluster: c, prefix: prefix, keys: new(keyring)}
}

type configMaps struct {
	cluster Cluster
	prefix  string
	keys    *keyring
}

func (m configMaps) Name() string            { return "Kubernetes ConfigMaps " + m.prefix }
func (m configMaps) Interval() time.Duration { return configMapsInterval }

func (m configMaps) Write(ctx context.Context, observer harness.Observer, entry int) error {
	nodes, err := m.cluster.servers(observer)
	if err != nil {
		return err
	}
	return raft.Write(ctx, nodes, entry, func(ctx context.Context, node string) error {
		return m.keys.askOnce(ctx, observer, node, func(ctx context.Context, client *kubernetes.Clientset) error {
			return m.create(ctx, client, entry)
		})
	}, answer)
}

// create asks once: by itself the client would repeat a request that the server has answered with a wait.
func (m configMaps) create(ctx context.Context, client *kubernetes.Clientset, entry int) error {
	content := &core.ConfigMap{
		ObjectMeta: meta.ObjectMeta{Name: m.prefix + "-" + strconv.Itoa(entry)},
		Data:       map[string]string{"entry": strconv.Itoa(entry)},
	}
	return client.CoreV1().RESTClient().Post().Namespace(ledgerNamespace).Resource("configmaps").
		Body(content).MaxRetries(0).Do(ctx).Error()
}

func (m configMaps) Entries(ctx context.Context, observer harness.Observer) ([]int, error) {
	nodes, err := m.cluster.servers(observer)
	if err != nil {
		return nil, err
	}
	var entries []int
	err = raft.Read(nodes, func(node string) error {
		return m.keys.ask(ctx, observer, node, func(ctx context.Context, client *kubernetes.Clientset) error {
			// Without a resource version it is read from the datastore, by its majority.
			listed, err := client.CoreV1().ConfigMaps(ledgerNamespace).List(ctx, meta.ListOptions{})
			if err != nil {
				return err
			}
			entries = m.found(listed.Items)
			return nil
		})
	})
	return entries, err
}

// found are the entries among ConfigMaps.
func (m configMaps) found(listed []core.ConfigMap) []int {
	var entries []int
	for _, each := range listed {
		text, ours := strings.CutPrefix(each.Name, m.prefix+"-")
		entry, err := strconv.Atoi(text)
		if ours && err == nil && each.Data["entry"] == text {
			entries = append(entries, entry)
		}
	}
	return entries
}

// answer is a raft.Answer.
func answer(err error) (status int, body string, answered bool) {
	var refusal apierrors.APIStatus
	if !errors.As(err, &refusal) {
		return 0, "", false
	}
	status = int(refusal.Status().Code)
	if status == http.StatusConflict {
		return 0, "", false // it exists: it was written, by whomever
	}
	return status, refusal.Status().Message, true
}
