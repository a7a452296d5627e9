package virtualisation

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness/systems/ganeti"
)

// founded are the clusters that specs of this process have founded, by the name of their topology. Founding one takes longer
// than most drills, and each time the same is made: the specs after the first go on from what that one has made.
var founded = map[string]ganeti.Snapshot{}

// found makes the nodes a cluster, and tells how long after began it was ready.
func (s *story) found(ctx context.Context, began time.Time) {
	GinkgoHelper()
	topology := s.Lab.Topology().Name
	if snapshot, has := founded[topology]; has {
		By("restoring a cluster that an earlier spec has founded")
		s.carry(ctx, ganeti.Restore{Cluster: s.cluster, Snapshot: snapshot})
		s.tellReady(began, "restored")
		return
	}
	By("founding the cluster, as an operator would")
	took := s.carry(ctx, ganeti.CreateCluster{Cluster: s.cluster})
	s.tellReady(began, fmt.Sprintf("founded, which took its operator %.1f s", took.Seconds()))
	snapshot, err := ganeti.TakeSnapshot(ctx, s.Lab, s.cluster)
	Expect(err).NotTo(HaveOccurred())
	founded[topology] = snapshot
}

// tellReady keeps how long it took until the cluster was ready, and how it came about.
func (s *story) tellReady(began time.Time, how string) {
	s.Finding(fmt.Sprintf("a cluster of %d nodes with an instance each was ready %.1f s after the lab was asked for; it was %s",
		len(s.cluster.Nodes), time.Since(began).Seconds(), how))
}
