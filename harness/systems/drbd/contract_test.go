package drbd

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: faults do what all of them have to do. Method: the contract, on a pair in memory and a fake clock.
func TestFaultContract(t *testing.T) {
	const over = "it is over when it is injected, and what it has done to the data is for DRBD or an operator to settle"
	stranger := Pair{First: "drbd-1", Second: "nobody"}
	for name, made := range map[string]func(pair Pair) labtest.FaultCase{
		"link outage": func(pair Pair) labtest.FaultCase {
			return labtest.FaultCase{Fault: LinkOutage{Pair: pair}, Lasting: over, Refused: []harness.Fault{LinkOutage{Pair: stranger}}}
		},
		"split brain": func(pair Pair) labtest.FaultCase {
			return labtest.FaultCase{Fault: SplitBrain{Pair: pair}, Lasting: over, Refused: []harness.Fault{SplitBrain{Pair: stranger}}}
		},
		"lost disk": func(Pair) labtest.FaultCase {
			return labtest.FaultCase{Fault: DiskLost{Node: "drbd-2"}, Lasting: over, Refused: []harness.Fault{DiskLost{Node: "nobody"}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lab, pair := newFakeLab(t)
				labtest.Expect(t, labtest.TestFault(t.Context(), lab, made(pair)), "")
			})
		})
	}
}

// Goal: runbooks do what all of them have to do. Method: the contract, on a pair in memory that carries out every command, and a
// fake clock.
func TestRunbookContract(t *testing.T) {
	const undone = "nobody copies what one side has to the other in memory"
	for _, made := range []func(pair Pair) labtest.RunbookCase{
		func(Pair) labtest.RunbookCase { return labtest.RunbookCase{Runbook: Promote("drbd-2")} },
		func(Pair) labtest.RunbookCase { return labtest.RunbookCase{Runbook: PowerOn("drbd-2")} },
		func(Pair) labtest.RunbookCase {
			return labtest.RunbookCase{Runbook: RemoveJob("drbd-2", Journal)}
		},
		func(pair Pair) labtest.RunbookCase {
			return labtest.RunbookCase{Runbook: pair.DiscardStaleSide("drbd-2"), Undone: undone}
		},
		func(Pair) labtest.RunbookCase {
			return labtest.RunbookCase{Runbook: RecreateDisk("drbd-2"), Undone: undone}
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			lab, pair := newFakeLab(t)
			labtest.Expect(t, labtest.TestRunbook(t.Context(), lab, made(pair)), "")
		})
	}
}

// Goal: the ledger and the probes do what all of them have to do. Method: the contracts, at two guests in memory of which one
// serves.
func TestContract(t *testing.T) {
	machines, pair, first, _ := standIn(t)
	lose := func(_ context.Context, entry int) error {
		first.mutex.Lock()
		defer first.mutex.Unlock()
		first.rows = strings.Replace(first.rows, "\n"+strconv.Itoa(entry)+"\n", "\n", 1)
		return nil
	}
	for _, c := range []labtest.ProbeCase{
		{Probe: Serves(pair)}, {Probe: OnePrimary(pair)}, {Probe: pair.InSync()[0]}, {Probe: pair.Primaries()[0]},
	} {
		labtest.Expect(t, labtest.TestProbe(t.Context(), machines, c), "")
	}
	labtest.Expect(t, labtest.TestLedger(t.Context(), machines, labtest.LedgerCase{Ledger: Rows(pair), Lose: lose}), "")
}
