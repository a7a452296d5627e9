package vrrp

import (
	"testing"
	"testing/synctest"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: faults and runbooks do what all of them have to do. Method: the contracts, on routers in memory and a fake clock.
func TestContract(t *testing.T) {
	stranger := testPair
	stranger.First = "nobody"
	for _, c := range []labtest.FaultCase{
		{Fault: DropAdvertisements{Pair: testPair}, Refused: []harness.Fault{DropAdvertisements{Pair: stranger}}},
		{Fault: DropAdvertisements{Pair: testPair, OneWay: true}, Refused: []harness.Fault{DropAdvertisements{}}},
		{
			Fault:   MasterFile{Pair: testPair, Router: testPair.First},
			Refused: []harness.Fault{MasterFile{Pair: testPair, Router: "nobody"}},
		},
	} {
		synctest.Test(t, func(t *testing.T) { labtest.Expect(t, labtest.TestFault(t.Context(), newFakeLab(t), c), "") })
	}
	synctest.Test(t, func(t *testing.T) { // the file is put back where it was taken away
		lab := newFakeLab(t)
		labtest.Expect(t, lab.RemoveFile(t.Context(), testPair.First, testPair.MasterFile), "")
		restored := labtest.FaultCase{Fault: MasterFile{Pair: testPair, Router: testPair.First, Restore: true}}
		labtest.Expect(t, labtest.TestFault(t.Context(), lab, restored), "")
	})
	for _, c := range []labtest.RunbookCase{
		{Runbook: Restart(testPair.Second)},
		{Runbook: testPair.StepDown(testPair.Second), Promises: testPair.Holders()[:1]},
	} {
		synctest.Test(t, func(t *testing.T) { labtest.Expect(t, labtest.TestRunbook(t.Context(), newFakeLab(t), c), "") })
	}
}
