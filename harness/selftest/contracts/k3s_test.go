package contracts

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/k3s"
)

const k3sLabel = "k3s"

// k3sLimit allows for servers that join an etcd, one after the other.
const k3sLimit = 10 * time.Minute

// kubernetes is all servers together, as behind a load balancer.
var kubernetes k3s.Cluster

// The servers, of which the first is the one that stays.
const server1, server2, server3 = "server-1", "server-2", "server-3"

// The canary: a Deployment with one pod, and its Service.
const (
	canaryNamespace, canaryDeployment, canaryPods = "default", "canary", "app=canary"
	insideName                                    = "kubernetes.default.svc.cluster.local."
	systemNamespace, resolverPods                 = "kube-system", "k8s-app=kube-dns"
)

var _ = Describe("On three servers of Kubernetes", Label(large, k3sLabel), Ordered, ContinueOnFailure, func() {
	run(fixtures.K3sCluster(servers, 0), kubernetesParts, func(ctx context.Context, cluster *lab.Lab) error {
		if err := peace(kubernetes.NodesReady(servers), kubernetes.EtcdVoters(servers))(ctx, cluster); err != nil {
			return err
		}
		if err := kubernetes.Apply(ctx, cluster, fixtures.K3sCanary(0)); err != nil {
			return err
		}
		return peace(kubernetes.PodsReady(canaryNamespace, canaryPods))(ctx, cluster)
	})
})

func kubernetesParts(cluster func() *lab.Lab) parts {
	const ledger = "contract"
	return parts{
		limit: k3sLimit,
		probes: []labtest.ProbeCase{
			{Probe: kubernetes.Answers()},
			{Probe: kubernetes.NodesReady(servers)},
			{Probe: kubernetes.NodeReady(server2)},
			{Probe: kubernetes.EtcdVoters(servers)},
			{Probe: kubernetes.PodsReady(canaryNamespace, canaryPods)},
			{Probe: kubernetes.Available(canaryNamespace, canaryDeployment)},
			{Probe: k3s.ServiceAnswers("the canary answers", server1, fixtures.K3sCanaryPort, "", "")},
			{Probe: k3s.Resolves("pods resolve names", server1, fixtures.K3sCanaryPort, "", insideName)},
		},
		ledgers: []labtest.LedgerCase{{Ledger: kubernetes.ConfigMaps(ledger), Lose: func(ctx context.Context, entry int) error {
			client, err := k3s.Client(ctx, cluster(), server1)
			if err != nil {
				return err
			}
			return client.CoreV1().ConfigMaps(canaryNamespace).Delete(ctx, fmt.Sprintf("%s-%d", ledger, entry), meta.DeleteOptions{})
		}}},
		sequence: []spec{
			carriedOut(labtest.RunbookCase{
				Runbook:  kubernetes.RecreatePods(canaryNamespace, canaryPods),
				Promises: harness.All(kubernetes.PodsReady(canaryNamespace, canaryPods)),
			}),
			prepared("two of three servers lose their power", func(ctx context.Context, cluster *lab.Lab) error {
				return harness.JoinErrors(cluster.PowerOff(ctx, server2), cluster.PowerOff(ctx, server3))
			}),
			carriedOut(labtest.RunbookCase{
				Runbook: k3s.ClusterReset{Survivor: server1, Alone: true}, Promises: harness.All(kubernetes.NodeReady(server1)),
			}),
			carriedOut(labtest.RunbookCase{
				Runbook: k3s.Rejoin(server2, server1), Promises: harness.All(kubernetes.NodeReady(server2)),
			}),
		},
	}
}

var _ = Describe("On one server of Kubernetes", Label(large, k3sLabel), Ordered, ContinueOnFailure, func() {
	run(fixtures.K3sCluster(1, 0), func(func() *lab.Lab) parts {
		return parts{limit: k3sLimit, faults: []labtest.FaultCase{
			{Fault: k3s.CorruptDatastore{Node: server1}, Refused: nowhere(k3s.CorruptDatastore{Node: nobody})},
		}}
	}, peace(kubernetes.NodesReady(1), kubernetes.PodsReady(systemNamespace, resolverPods)))
})
