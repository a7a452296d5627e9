// Package harness is the vocabulary of a disaster-recovery drill. Package drill runs one, package lab makes the machines that it
// runs on, and package suite does both for a Ginkgo spec: a whole first drill is the example there.
//
// It knows no product and no container engine, and imports the standard library only. A scenario
// describes a [Topology], brings it up with a lab, and hands it to a [drill.Drill]:
//
//	drill, err := drill.New(lab, harness.Plan{Scenario: "renumbering", Objective: harness.Objective{RTO: 10 * time.Minute}})
//	err = drill.Baseline(ctx, steady)                  // peace first: every probe holds
//	err = drill.StartWriting(ctx, ledgers)             // acknowledged writes, remembered
//	err = drill.Inject(ctx, fault)                     // t0, then proof that the fault bites
//	err = drill.Detect(ctx, steady)                    // the steady state is seen to break
//	err = drill.Repair(ctx, runbook)                   // only what an operator could do
//	err = drill.AwaitRecovery(ctx, steady)             // every probe holds again, for the dwell
//	err = drill.Reconcile(ctx, ledgers)                // which acknowledged writes are gone
//	err = drill.Judge()                                // met, missed or inconclusive
//
// Before the fault, more can be said of any drill:
//
//	err = drill.Unaffected(ctx, probe)                                     // must stay green: the blast radius
//	err = drill.StartRegisters(ctx, register)                              // concurrent clients, checked for linearizability
//	err = drill.DuringRecovery(fault, harness.BeforeStep("write the file")) // a second fault while it recovers
//	err = drill.WatchSilent(ctx, logWritten)                               // what no client sees: wrong without going red
//	err = drill.Milestones(ctx, harness.Milestone{Name: "operational", Within: 15 * time.Minute, Claims: part})
//
// At any time a spec, or a step of its runbook, waits for what the drill has seen and the record will say, and never
// for a look of its own:
//
//	err = drill.AwaitDown(ctx, probe) // and AwaitUp
//
// Every drill compares its nodes before the fault and after the recovery. What is meant to differ can be
// said, and where else to look for addresses that a fault took away:
//
//	err = drill.Expect(drift.Planned{Kind: harness.KindFile, Key: "/etc/ssh/ssh_host_*", Because: "new host keys"})
//	drill.AlsoSearch(consul.KVTexts(), nomad.JobTexts())
//
// # The words
//
//   - RTO and RPO are targets. RTA and RPA ("actual") are what one drill measured. Unnoticed is the target of
//     work that no client may notice, in the place of an RTO.
//   - TTD, TTR: of one drill: fault effective to detected (the first failure is known), to recovered. MTTD, MTTR: means
//     over many runs.
//   - SLI: what a probe measures. Steady state: the conjunction of probes that holds in peace.
//     Dwell: how long it must hold again before a recovery counts.
//   - Fault (cause), error (bad state), failure (a user sees it). Blast radius: who may be affected.
//   - Probe: a read-only question. Ledger: remembers acknowledged writes. Runbook: the operator's
//     steps, the thing under test.
//   - Revert: undo of the fault by the harness. Recovered by: self, runbook, or revert (not a recovery).
//   - Drill: one run. Scenario: the story. Control arm: the same scenario without the fault, or
//     without the runbook: it must go red.
//   - Verdict: met, missed, inconclusive. Inconclusive is never green.
//   - Miss: one way in which a drill misses, such as "too late". Claim: the verdict that a drill must have, and its misses.
//   - Milestone: a part of the service with a target of its own. Symptom: what became of one thing that was looked
//     at: green, red, or wrong without going red.
//   - Fingerprint: what a node looks like, without what changes by itself. Drift: how a node differs after
//     the recovery from before the fault; planned, or a surprise. Mention: a place that names an address.
//   - Record: everything one drill observed, as versioned JSON. Evidence: logs and dumps kept with it.
//
// # What the clock means
//
// Every time in a Record is an offset from the drill's start on the harness's monotonic clock, t0
// included. See harness/adr/0001-what-the-clock-means.md and 0018-a-moment-counts-when-it-was-known.md.
package harness
