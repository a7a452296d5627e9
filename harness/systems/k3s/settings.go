package k3s

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/reprise-dr/reprise/harness"
)

// settings are those of Kubernetes that decide how long a lost node's pods stay lost.
type settings struct {
	leaseDuration time.Duration // of the node's kubelet; it renews after a quarter of it
	monitorPeriod time.Duration // how often the controller manager looks at the nodes
	gracePeriod   time.Duration // how long it goes without a word of a node
	election      election
}

// An election is how controller managers agree on which of them works. The zero value is a cluster with a
// single server, which holds none.
type election struct {
	leader        string // the node of the one that works
	leaseDuration time.Duration
	retryPeriod   time.Duration
}

// configz is what a process tells of its configuration. On a k3s server all parts of Kubernetes are one
// process, so that its kubelet tells that of the controller manager too.
type configz struct {
	Kubelet struct {
		NodeLeaseDurationSeconds int
	} `json:"kubeletconfig"`
	ControllerManager struct {
		Generic struct {
			LeaderElection struct {
				LeaderElect   bool
				LeaseDuration meta.Duration
				RetryPeriod   meta.Duration
			}
		}
		KubeCloudShared struct {
			NodeMonitorPeriod meta.Duration
		}
		NodeLifecycleController struct {
			NodeMonitorGracePeriod meta.Duration
		}
	} `json:"kubecontrollermanager.config.k8s.io"`
}

// readSettings asks the running processes: the kubelet of the node, and a server of the cluster. It repeats
// a question that fails for up to 30 s.
func (c Cluster) readSettings(ctx context.Context, observer harness.Observer, node string) (settings, error) {
	if _, err := c.servers(observer); err != nil {
		return settings{}, err // no wait mends that
	}
	var read settings
	keys := new(keyring)
	err := waitForSettings.Until(ctx, limited(func(ctx context.Context) error {
		return c.inTurn(observer, func(server string) error {
			return keys.ask(ctx, observer, server, func(ctx context.Context, client *kubernetes.Clientset) (err error) {
				read, err = settingsOf(ctx, client, server, node)
				return err
			})
		})
	}))
	return read, err
}

// settingsOf reads the settings of one node through one server.
func settingsOf(ctx context.Context, client kubernetes.Interface, server, node string) (settings, error) {
	ofNode, err := readConfigz(ctx, client, node)
	if err != nil {
		return settings{}, fmt.Errorf("read the settings of the kubelet on %s: %w", node, err)
	}
	ofServer, err := readConfigz(ctx, client, server)
	if err != nil {
		return settings{}, fmt.Errorf("read the settings of the controller manager on %s: %w", server, err)
	}
	manager := ofServer.ControllerManager
	read := settings{
		leaseDuration: time.Duration(ofNode.Kubelet.NodeLeaseDurationSeconds) * time.Second,
		monitorPeriod: manager.KubeCloudShared.NodeMonitorPeriod.Duration,
		gracePeriod:   manager.NodeLifecycleController.NodeMonitorGracePeriod.Duration,
	}
	if read.leaseDuration <= 0 || read.monitorPeriod <= 0 || read.gracePeriod <= 0 {
		return settings{}, fmt.Errorf("the settings are incomplete: lease duration %v on %s, monitor period %v and grace period %v "+
			"on %s",
			read.leaseDuration, node, read.monitorPeriod, read.gracePeriod, server)
	}
	if manager.Generic.LeaderElection.LeaderElect {
		read.election, err = electionOf(ctx, client)
		read.election.leaseDuration = manager.Generic.LeaderElection.LeaseDuration.Duration
		read.election.retryPeriod = manager.Generic.LeaderElection.RetryPeriod.Duration
	}
	return read, err
}

// readConfigz asks a kubelet, by way of the API server.
func readConfigz(ctx context.Context, client kubernetes.Interface, node string) (configz, error) {
	var told configz
	text, err := client.CoreV1().RESTClient().Get().AbsPath("/api/v1/nodes", node, "proxy/configz").DoRaw(ctx)
	if err == nil {
		err = json.Unmarshal(text, &told)
	}
	return told, err
}

// electionOf finds out which controller manager works: it holds a lease in the name of its node.
func electionOf(ctx context.Context, client kubernetes.Interface) (election, error) {
	lease, err := client.CoordinationV1().Leases(meta.NamespaceSystem).Get(ctx, "kube-controller-manager", meta.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return election{}, nil
	case err != nil:
		return election{}, fmt.Errorf("find the controller manager that works: %w", err)
	case lease.Spec.HolderIdentity == nil:
		return election{}, nil
	}
	node, _, _ := strings.Cut(*lease.Spec.HolderIdentity, "_")
	return election{leader: node}, nil
}
