package readonlyroot

import (
	"context"
	"net/netip"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/postgres"
	"github.com/reprise-dr/reprise/scenarios/internal/suite"
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
		drill := begin(ctx, harness.Objective{RTO: fullTime, RPO: dayOfWrites, Patience: fullTime + time.Minute}, fixtures.ServerSite)
		By("changing the server by hand, as happens over the years, and in no playbook")
		run(ctx, drill, fixtures.ServerByHand)
		before := fingerprint(ctx, drill)
		audit := &audit{before: before}
		rebuild(ctx, drill, readOnly(), before, replace(fixtures.ServerSite), audit)
		audit.tell(drill)
		Expect(audit.lacking).To(ContainElements(changedByHand()))
	}, SpecTimeout(15*time.Minute))

	It("is fully back as soon as it serves, when the playbook knows everything", func(ctx SpecContext) {
		drill := begin(ctx, harness.Objective{RTO: partialTime, RPO: dayOfWrites, Patience: partialTime + time.Minute}, fixtures.ServerCorrected)
		rebuild(ctx, drill, readOnly(), fingerprint(ctx, drill), replace(fixtures.ServerCorrected))
	}, SpecTimeout(15*time.Minute))

	It("is back in the same way when the disk itself fails", func(ctx SpecContext) {
		drill := begin(ctx, harness.Objective{RTO: partialTime, RPO: dayOfWrites, Patience: partialTime + time.Minute}, fixtures.ServerCorrected)
		rebuild(ctx, drill, fault.DiskErrors{Node: fixtures.ServerOld}, fingerprint(ctx, drill), replace(fixtures.ServerCorrected))
	}, SpecTimeout(15*time.Minute))
})

// rebuild is the story of every replacement: what is done after the fault is the runbooks'.
func rebuild(ctx context.Context, drill *suite.Drill, cause harness.Fault, before harness.Fingerprint, runbooks ...harness.Runbook) {
	GinkgoHelper()
	steady := append(service(), campaignServed(), asItWas{before})
	writes := writes()

	Expect(drill.Expect(
		harness.Planned{Node: fixtures.ServerNew, Key: "**", Because: "nothing was on it, and now it is the server: what it lacks of that is asked by the steady state"},
		harness.Planned{Node: fixtures.ServerControl, Kind: harness.KindProcess, Key: "root ssh: **", Because: "Ansible keeps its connections for half a minute"},
	)).To(Succeed())
	peace(ctx, drill, steady, writes)
	Expect(drill.Milestones(ctx,
		harness.Milestone{Name: "operational: the new server has the data", Within: operationalTime, Claims: onTheNewServer()},
		harness.Milestone{Name: "partial service: the clients have the shop back", Within: partialTime, Claims: service()},
	)).To(Succeed())
	By("backing up in the night")
	run(ctx, drill, "backup")
	By("losing the system's disk, with files open for write")
	Expect(drill.Inject(ctx, cause)).To(Succeed())
	Expect(drill.Detect(ctx, steady)).To(Succeed())
	By("moving the disks, the playbooks and at last the address to a new server")
	Expect(drill.Repair(ctx, runbooks...)).To(Succeed())
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

// replace has the provider and Ansible put another server in the place of the one that is read-only.
func replace(site string) harness.Runbook { return replacement{site} }

type replacement struct{ site string }

func (replacement) Name() string {
	return "replace " + fixtures.ServerOld + " by " + fixtures.ServerNew
}

func (r replacement) Steps() []harness.Step {
	install := playbook(r.site, fixtures.ServerNew, "")
	install.Variables = map[string]string{"restore": "latest"}
	steps := []harness.Step{
		{Name: "notice, decide, and order a server", Declared: deciding},
		{Name: "switch " + fixtures.ServerOld + " off", Do: func(ctx context.Context, operator harness.Operator) error {
			return operator.PowerOff(ctx, fixtures.ServerOld)
		}},
		{Name: "have the provider move the disks", Do: moveDisks},
	}
	steps = append(steps, install.Steps()...)
	steps = append(steps, harness.Step{Name: "have the provider move the address", Declared: readdress})
	return append(steps, traffic(fixtures.ServerNew).Steps()...)
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
