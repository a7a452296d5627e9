package readonlyroot

import (
	"context"
	"net/netip"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/postgres"
)

// The postmortem's own figures, each from the failure.
const (
	operationalTime = 15 * time.Minute
	partialTime     = 30 * time.Minute
	fullTime        = 90 * time.Minute
)

// What only people and providers take. The postmortem gives the milestones; these leave room for what is
// measured here.
const (
	deciding   = 10 * time.Minute // notice, decide, and have the provider deliver a server
	readdress  = 10 * time.Minute // have the provider move the address
	complaints = 45 * time.Minute // until somebody has missed each thing that is lacking
)

var _ = Describe("A read-only server, replaced by a new one", Label("ansible", "drift", "backup", postmortem), func() {
	It("is fully back only when what nobody had written down was found and done again", func(ctx SpecContext) {
		drill := begin(ctx, harness.Objective{RTO: fullTime, RPO: dayOfWrites, GiveUpAfter: fullTime + time.Minute},
			fixtures.ServerSite)
		By("changing the server by hand, as happens over the years, and in no playbook")
		run(ctx, drill, fixtures.ServerByHand)
		before := fingerprint(ctx, drill)
		audit := &audit{before: before}
		rebuild(ctx, drill, readOnly(), before, fixtures.ServerSite, audit)
		audit.tell(drill)
		Expect(audit.lacking).To(ContainElements(changedByHand()))
	}, SpecTimeout(15*time.Minute))

	It("is fully back as soon as it serves, when the playbook knows everything", func(ctx SpecContext) {
		drill := begin(ctx, harness.Objective{RTO: partialTime, RPO: dayOfWrites, GiveUpAfter: partialTime + time.Minute},
			fixtures.ServerCorrected)
		rebuild(ctx, drill, readOnly(), fingerprint(ctx, drill), fixtures.ServerCorrected)
	}, SpecTimeout(15*time.Minute))

	It("is back in the same way when the disk itself fails", func(ctx SpecContext) {
		drill := begin(ctx, harness.Objective{RTO: partialTime, RPO: dayOfWrites, GiveUpAfter: partialTime + time.Minute},
			fixtures.ServerCorrected)
		rebuild(ctx, drill, fault.DiskErrors{Node: fixtures.ServerOld}, fingerprint(ctx, drill), fixtures.ServerCorrected)
	}, SpecTimeout(15*time.Minute))
})

// rebuild is the story of every replacement by a playbook. Each part of it begins when the drill has seen what the one
// before promised: what the next step declares must not be counted into a milestone that was only not seen yet.
func rebuild(
	ctx context.Context, drill *suite.Drill, cause harness.Fault, before harness.Fingerprint, site string, after ...harness.Runbook,
) {
	GinkgoHelper()
	steady := append(service(), campaignServed(), asItWas(before))
	writes := writes()

	Expect(drill.Expect(
		drift.Planned{
			Node: fixtures.ServerNew, Key: "**",
			Because: "nothing was on it, and now it is the server: what it lacks of that is asked by the steady state",
		},
		drift.Planned{
			Node: fixtures.ServerControl, Kind: harness.KindProcess, Key: "root ssh: **",
			Because: "Ansible keeps its connections for half a minute",
		},
	)).To(Succeed())
	drill.Peace(ctx, steady, writes)
	Expect(drill.Milestones(ctx,
		harness.Milestone{Name: "operational: the new server has the data", Within: operationalTime, Claims: onTheNewServer()},
		harness.Milestone{Name: "partial service: the clients have the shop back", Within: partialTime, Claims: service()},
	)).To(Succeed())
	By("backing up in the night")
	run(ctx, drill, "backup")
	By("losing the system's disk, with files open for write")
	Expect(drill.Inject(ctx, cause)).To(Succeed())
	Expect(drill.Detect(ctx, steady)).To(Succeed())
	By("moving the disks and the playbooks to a new server")
	Expect(drill.Repair(ctx, replacement(site))).To(Succeed())
	seenUp(ctx, drill, onTheNewServer())
	By("moving at last the address")
	Expect(drill.Repair(ctx, handover())).To(Succeed())
	seenUp(ctx, drill, service())
	Expect(drill.Repair(ctx, after...)).To(Succeed())
	Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
	By("counting what was uploaded since the backup as lost, and no order")
	Expect(drill.Reconcile(ctx, writes)).To(Succeed())
	Expect(drill.Judge()).To(Succeed())
}

// readOnly is what happened to the customer's server: the kernel has found an error in its file system.
func readOnly() harness.Fault { return fault.ReadOnlyRoot{Node: fixtures.ServerOld} }

// onTheNewServer are the data and the page, at the new server's own address.
func onTheNewServer() harness.SteadyState {
	node, _ := fixtures.Server().Node(fixtures.ServerNew)
	return harness.All(
		page("the new server has the shop's page", netip.AddrPortFrom(node.IPv4, fixtures.ServerPort), "/", "Welcome"),
		postgres.Answers(postgres.Database{Node: fixtures.ServerNew, Name: fixtures.ServerDatabase}),
	)
}

// seenUp waits until the drill has seen claims come back.
func seenUp(ctx context.Context, drill *suite.Drill, claims harness.SteadyState) {
	GinkgoHelper()
	for _, claim := range claims {
		Expect(drill.AwaitUp(ctx, claim)).To(Succeed())
	}
}

// replacement has the provider and Ansible make another server what the one is that is read-only.
func replacement(site string) harness.Runbook {
	install := playbook(site, fixtures.ServerNew, "")
	install.Variables = map[string]string{"restore": "latest"}
	return runbook.Of("have "+fixtures.ServerNew+" what "+fixtures.ServerOld+" had", slices.Concat(
		[]harness.Step{{Name: "notice, decide, and order a server", Declared: deciding}},
		runbook.PowerOff{Node: fixtures.ServerOld}.Steps(),
		[]harness.Step{moveDisksStep()},
		install.Steps(),
	)...)
}

// handover has the provider and Ansible move the address to the new server.
func handover() harness.Runbook {
	return runbook.Of("send the clients to "+fixtures.ServerNew, append(
		[]harness.Step{{Name: "have the provider move the address", Declared: readdress}}, traffic(fixtures.ServerNew).Steps()...)...)
}

func moveDisksStep() harness.Step {
	return harness.Step{Name: "have the provider move the disks", Do: moveDisks}
}

func moveDisks(ctx context.Context, operator harness.Operator) error {
	for _, disk := range []string{fixtures.ServerDataDisk, fixtures.ServerBackupDisk} {
		if err := operator.DetachDisk(ctx, disk); err != nil {
			return err
		}
		if err := operator.AttachDisk(ctx, disk, fixtures.ServerNew); err != nil {
			return err
		}
	}
	return nil
}
