package readonlyroot

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/systems/ansible"
	"github.com/reprise-dr/reprise/harness/systems/nginx"
	"github.com/reprise-dr/reprise/harness/systems/postgres"
)

var _ = Describe("A system partition that becomes read-only", Label("ansible", postmortem), func() {
	It("leaves some things as they are, breaks others, and is silently wrong in the rest", func(ctx SpecContext) {
		drill := begin(ctx, harness.Objective{RTO: 5 * time.Minute, RPO: time.Minute}, fixtures.ServerSite)
		steady, writes := service(), writes()

		Expect(drill.WatchSilent(ctx, requestsLogged(), cronWorks())).To(Succeed())
		drill.Peace(ctx, steady, writes)
		By("waiting until cron has shown that it works")
		Expect(drill.AwaitUp(ctx, cronWorks())).To(Succeed())
		By("giving the kernel an error in the file system, with files open for write")
		Expect(drill.Inject(ctx, readOnly())).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("seeing that a replay of the playbook is no way out")
		_, err := ansible.Play(ctx, drill.Lab, playbook(fixtures.ServerSite, fixtures.ServerOld, "replay"))
		Expect(err).To(MatchError(ContainSubstring(fixtures.ServerOld)))
		drill.Finding(fmt.Sprintf("a replay of the playbook on the broken server ends at once: %v", err))
		By("letting the time pass after which cron is missed, until the drill has seen all that goes wrong")
		for _, broken := range []harness.Probe{uploadsAccepted(), requestsLogged(), cronWorks()} {
			Expect(drill.AwaitDown(ctx, broken)).To(Succeed())
		}
		By("switching the server off and on, whose disk is checked as at every boot")
		Expect(drill.Repair(ctx, runbook.PowerCycle{Node: fixtures.ServerOld})).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(symptoms(drill.Record())).To(Equal(map[string]harness.SymptomKind{
			pageServed().Name():                     harness.StaysGreen,
			databaseAnswers().Name():                harness.StaysGreen,
			postgres.Table(database, orders).Name(): harness.StaysGreen,
			uploadsAccepted().Name():                harness.GoesRed,
			requestsLogged().Name():                 harness.WrongSilent,
			cronWorks().Name():                      harness.WrongSilent,
			nginx.Uploads(uploads).Name():           harness.WrongSilent,
		}))
	}, SpecTimeout(15*time.Minute))
})

var _ = Describe("A system partition that is full", Label("ansible"), func() {
	It("looks the same to who uploads, and is repaired by removing what fills it", func(ctx SpecContext) {
		drill := begin(ctx, harness.Objective{RTO: 5 * time.Minute}, fixtures.ServerSite)
		steady, writes := service(), writes()

		Expect(drill.WatchSilent(ctx, requestsLogged())).To(Succeed())
		drill.Peace(ctx, steady, writes)
		Expect(drill.Inject(ctx, fault.DiskFull{Node: fixtures.ServerOld})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("removing what fills it")
		Expect(drill.Repair(ctx, tidyUp())).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
	}, SpecTimeout(10*time.Minute))
})

// tidyUp removes the file that takes all the space.
func tidyUp() harness.Runbook {
	return runbook.Of("remove what fills the disk", harness.Step{
		Name: "remove the largest file",
		Do: func(ctx context.Context, operator harness.Operator) error {
			return operator.RemoveFile(ctx, fixtures.ServerOld, harness.FillFile)
		},
	})
}

// symptoms are what became of everything that the drill has looked at, until the server was switched off.
func symptoms(record harness.Record) map[string]harness.SymptomKind {
	kinds := map[string]harness.SymptomKind{}
	for _, symptom := range record.Judgement.Symptoms {
		kinds[symptom.Subject] = symptom.Kind
	}
	return kinds
}

// cronWorks claims that cron has done, within the last 90 s, what it is to do every minute.
func cronWorks() harness.Probe {
	return probe.Func{Label: "cron does its work", Every: time.Second, Ask: heartbeatIsFresh}
}

func heartbeatIsFresh(ctx context.Context, observer harness.Observer) error {
	text, err := observer.ReadFile(ctx, fixtures.ServerOld, fixtures.ServerHeartbeat)
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return fmt.Errorf("read the heartbeat: %w", err)
	}
	if age := time.Since(time.Unix(seconds, 0)); age > cronPatience {
		return fmt.Errorf("cron has done nothing for %v", age.Round(time.Second))
	}
	return nil
}

// cronPatience is half a minute longer than cron's period.
const cronPatience = 90 * time.Second
