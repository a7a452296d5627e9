// Package drift proves the harness's own audit: that it finds what is not as it was on a real machine,
// and nothing where nothing changed. README.md lists what is planted.
package drift

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/suite"
)

func TestDrift(t *testing.T) {
	suite.Run(t, "drift", suite.Prepare(fixtures.Drift()))
}

// peace is how long a machine that nobody touches must look the same.
const peace = time.Minute

// freshKeys are what two installations of one machine never share.
var freshKeys = drift.Planned{
	Kind: harness.KindFile, Key: "/etc/ssh/ssh_host_*", Because: "every installation makes its own host keys",
}

var _ = Describe("The drift audit", func() {
	It("finds no difference on a machine that nobody touches for a minute", func(ctx SpecContext) {
		cluster := suite.Start(ctx, fixtures.Drift())
		before := installed(ctx, cluster, fixtures.DriftFirst)

		unchanged := drift.NoDrift(before, fixtures.DriftFirst)
		Consistently(ctx, func(ctx context.Context) error { return unchanged.Check(ctx, cluster) }).
			WithTimeout(peace).WithPolling(unchanged.Period()).Should(Succeed())
	}, SpecTimeout(4*time.Minute))

	It("finds no difference between two rebuilds by the same playbook, and two machines", func(ctx SpecContext) {
		cluster := suite.Start(ctx, fixtures.Drift())
		first := installed(ctx, cluster, fixtures.DriftFirst)

		By("reinstalling the machine, and playing the playbook again")
		Expect(cluster.Reinstall(ctx, fixtures.DriftFirst)).To(Succeed())
		again := installed(ctx, cluster, fixtures.DriftFirst)
		explained, unexplained := drift.Explain(drift.Compare(first, again), []drift.Planned{freshKeys})
		Expect(unexplained).To(BeEmpty())
		Expect(explained).NotTo(BeEmpty(), "the host keys are the same after a reinstall")

		By("playing it on the other machine")
		second := installed(ctx, cluster, fixtures.DriftSecond)
		_, unexplained = drift.Explain(drift.Compare(first, second), drift.AnotherMachine(fixtures.DriftSecond))
		Expect(unexplained).To(BeEmpty())
	}, SpecTimeout(5*time.Minute))

	It("finds each of the differences that somebody has planted, and no other", Label("smoke"), func(ctx SpecContext) {
		cluster := suite.StartPlanting(ctx, fixtures.Drift())
		before := installed(ctx, cluster, fixtures.DriftFirst)
		suite.FindsNothing(func() error { return told(look(ctx, cluster, fixtures.DriftFirst, before)) })
		planned := plant(ctx, cluster, fixtures.DriftFirst)

		differences := look(ctx, cluster, fixtures.DriftFirst, before)
		for _, difference := range differences {
			GinkgoWriter.Println(difference)
		}
		for _, one := range planned {
			explained, _ := drift.Explain(differences, []drift.Planned{one})
			Expect(explained).NotTo(BeEmpty(), "%s was not found", one.Because)
		}
		_, unexplained := drift.Explain(differences, planned)
		Expect(unexplained).To(BeEmpty())
		Expect(drift.NoDrift(before, fixtures.DriftFirst).Check(ctx,
			cluster)).To(MatchError(ContainSubstring("unexplained differences")))
	}, SpecTimeout(4*time.Minute))

	It("says which path of which machine cannot be read", func(ctx SpecContext) {
		cluster := suite.Start(ctx, fixtures.Drift())
		_, err := cluster.Fingerprint(ctx, fixtures.DriftFirst, "/srv/nothing")
		Expect(err).To(MatchError(And(ContainSubstring(fixtures.DriftFirst), ContainSubstring("read /srv/nothing: no such file"))))

		By("having a folder with more files than a fingerprint should have")
		run(ctx, cluster, fixtures.DriftFirst, "mkdir /srv/many && cd /srv/many && seq 20001 | xargs touch")
		_, err = cluster.Fingerprint(ctx, fixtures.DriftFirst, "/srv/many")
		Expect(err).To(MatchError(ContainSubstring("read /srv/many: there are more than 20000 files below it")))
	}, SpecTimeout(3*time.Minute))
})

// installed plays the playbook on a machine and takes its fingerprint, with its own folder of data.
func installed(ctx context.Context, cluster *lab.Lab, node string) harness.Fingerprint {
	GinkgoHelper()
	By("playing the playbook on " + node)
	run(ctx, cluster, node, playbook)
	var taken harness.Fingerprint
	Expect(awaitServices.Until(ctx, func(ctx context.Context) error {
		var err error
		taken, err = cluster.Fingerprint(ctx, node, dataFolder)
		if err != nil {
			return err
		}
		return missing(taken)
	})).To(Succeed())
	GinkgoWriter.Printf("%s: %d traits in %v, %v of the processor\n", node, len(taken.Traits), taken.Wall, taken.CPU)
	return taken
}

// look is what has changed since a fingerprint, as soon as everything that was planted shows: processes
// count when they are a second old.
func look(ctx context.Context, cluster *lab.Lab, node string, before harness.Fingerprint) []harness.Difference {
	GinkgoHelper()
	var differences []harness.Difference
	last := -1
	Expect(awaitStill.Until(ctx, func(ctx context.Context) error {
		now, err := cluster.Fingerprint(ctx, node, before.Paths...)
		if err != nil {
			return err
		}
		differences = drift.Compare(before, now)
		if len(differences) != last {
			last = len(differences)
			return errStillChanging
		}
		return nil
	})).To(Succeed())
	return differences
}

// told is an error that tells of differences; nil when there are none.
func told(differences []harness.Difference) error {
	var all []error
	for _, difference := range differences {
		all = append(all, errors.New(difference.String()))
	}
	return errors.Join(all...)
}

// run runs a script on a machine, as its root.
func run(ctx context.Context, cluster *lab.Lab, node, script string) {
	GinkgoHelper()
	_, err := cluster.Exec(ctx, node, "sh", "-euc", script)
	Expect(err).NotTo(HaveOccurred())
}
