package survival

import (
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/suite"
)

func TestSurvival(t *testing.T) {
	suite.Run(t, Scenario, suite.Prepare(topology(os.Getenv(ContentVariable))))
}

// objective is generous, for a drill that nobody disturbs is met; yet one that cannot recover ends soon.
var objective = harness.Objective{
	RTO: 12 * time.Second, Dwell: 2 * time.Second, DetectWithin: 4 * time.Second, GiveUpAfter: 14 * time.Second,
}

// pace is how long a phase lasts at least that would be over in an instant.
const pace = 2500 * time.Millisecond

var _ = Describe("A small drill", func() {
	It("is met unless somebody ends it", func(ctx SpecContext) {
		drill := suite.Begin(ctx, topology(os.Getenv(ContentVariable)), objective)
		steady, ledgers := harness.All(answers()), harness.Ledgers(slowlyRead{entries{}})

		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		Expect(drill.StartWriting(ctx, ledgers)).To(Succeed())
		Expect(drill.Inject(ctx, slow{fault.ProcessKill{Node: storeNode}})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		Expect(drill.Repair(ctx, restart())).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Reconcile(ctx, ledgers)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
	}, SpecTimeout(5*time.Minute))
})
