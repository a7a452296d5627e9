package nomad

import (
	"maps"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: probes and the runbooks that need no more than an agent's answer do what all of them have to do. Method: the contracts,
// on servers in memory. Ledgers need a server that keeps what is written: see harness/selftest/contracts.
func TestContract(t *testing.T) {
	server := raftAPI(at2, at1, at2, at3)
	maps.Copy(server.answers, jobAPI("running", "ready").answers)
	machines := servers3(t, server, server, server)
	const canary = "[fd00:d1::31]:8080"
	machines.Serve(harness.VantageObserver, canary, labtest.Says(200, `{"pid":1}`))
	for _, c := range []labtest.ProbeCase{
		{Probe: Quorum(3)},
		{Probe: Leader()},
		{Probe: Running("canary")},
		{Probe: Answers("canary", 8080)},
		{Probe: AnswersPinned("canary", 8080)},
	} {
		labtest.Expect(t, labtest.TestProbe(t.Context(), machines, c), "")
	}
	agents := cluster(t, 3)
	answering(agents)
	moved(agents)
	labtest.Expect(t, labtest.TestRunbook(t.Context(), agents, labtest.RunbookCase{Runbook: StopRenumberStart()}), "")
}
