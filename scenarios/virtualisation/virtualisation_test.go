// Package virtualisation replays what volunteers met who run virtual machines on a few hypervisors with Ganeti and DRBD
// (postmortem undated-ganeti-drbd). README.md ties each statement of their wiki to the spec that proves it.
package virtualisation

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/ganeti"
)

func TestVirtualisation(t *testing.T) {
	suite.Run(t, "virtualisation",
		suite.PrepareFor("ganeti", fixtures.Ganeti(3)),
		suite.PrepareFor("drbd", fixtures.DRBDPair()),
		suite.PrepareFor(fullPair, fixtures.GanetiPair()))
}

// postmortem labels the specs that `make repro` replays.
const postmortem = "undated-ganeti-drbd"

// The hypervisors. The first one founds the cluster, and so is its master.
var (
	node1 = fixtures.GanetiNode(1)
	node2 = fixtures.GanetiNode(2)
)

// dwell is how long a service has to be steady, before a fault and after it. The slowest probes here ask once a second.
const dwell = 3 * time.Second

// A story is a drill in a cluster of Ganeti.
type story struct {
	*suite.Drill
	cluster ganeti.Cluster
}

// begin brings the hypervisors up, makes them a cluster, and watches who has its address.
func begin(ctx SpecContext, nodes int, objective harness.Objective) *story {
	GinkgoHelper()
	return beginIn(ctx, fixtures.Ganeti(nodes), objective)
}

func beginIn(ctx SpecContext, topology harness.Topology, objective harness.Objective) *story {
	GinkgoHelper()
	began := time.Now()
	drill := suite.Begin(ctx, topology, objective)
	cluster, err := ganeti.ClusterOf(topology)
	Expect(err).NotTo(HaveOccurred())
	s := &story{drill, cluster}
	Expect(drill.Expect(differences()...)).To(Succeed())
	s.found(ctx, began)
	Expect(drill.Watch(ctx, s.cluster.Holders()...)).To(Succeed())
	return s
}

// carry carries a runbook out in peace.
func (s *story) carry(ctx context.Context, runbooks ...harness.Runbook) time.Duration {
	GinkgoHelper()
	var took time.Duration
	for _, work := range runbooks {
		one, err := runbook.Run(ctx, s.Lab, work)
		Expect(err).NotTo(HaveOccurred())
		took += one
	}
	return took
}

// wiki is the instance that was created on a node.
func (s *story) wiki(node string) ganeti.Instance {
	at := slices.IndexFunc(s.cluster.Instances, func(instance ganeti.Instance) bool { return instance.Node == node })
	return s.cluster.Instances[at]
}

// served claims the pages of the instances that were created on the nodes.
func (s *story) served(nodes ...string) []harness.Probe { return s.each(ganeti.Serves, nodes) }

// untouched claims the same of those that what befalls others must not touch.
func (s *story) untouched(nodes ...string) []harness.Probe {
	return s.each(ganeti.ServesPatient, nodes)
}

func (s *story) each(claim func(ganeti.Instance) harness.Probe, nodes []string) []harness.Probe {
	var probes []harness.Probe
	for _, node := range nodes {
		probes = append(probes, claim(s.wiki(node)))
	}
	return probes
}

// tellMasters keeps how long there were no and two masters.
func (s *story) tellMasters() ganeti.Masters {
	GinkgoHelper()
	masters, err := ganeti.CountMasters(s.cluster, s.Record())
	Expect(err).NotTo(HaveOccurred())
	s.Finding("from the fault to the end of the watch, " + masters.String())
	return masters
}

// tellOutage keeps for how long clients were without something that was done on purpose.
func (s *story) tellOutage(probe harness.Probe) {
	GinkgoHelper()
	Expect(s.tellGap(probe)).To(BeTrue(), "nobody noticed")
}

// tellGap keeps for how long clients were without something, and tells whether they were.
func (s *story) tellGap(probe harness.Probe) bool {
	outage, broke := s.Outage(probe)
	if broke {
		s.Finding(fmt.Sprintf("%s: clients were without it for %.2f s", probe.Name(), (outage.Back - outage.Lost).Seconds()))
	} else {
		s.Finding(probe.Name() + ": no client was without it, however impatient")
	}
	return broke
}
