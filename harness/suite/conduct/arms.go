package conduct

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// lacks says what the arm does without.
func lacks(arm contract.Arm) string {
	if arm == contract.WithoutFault {
		return "without its fault"
	}
	return "without its runbook"
}

// ObjectiveIn is the drill's in an arm, watched for as long as the arm needs. The RTO of an arm without a runbook
// is another one because a service that is back at any time in the watch needs no runbook.
func ObjectiveIn(arm contract.Arm, objective harness.Objective) harness.Objective {
	objective = objective.WithDefaults()
	if arm != contract.WholeDrill && objective.Unnoticed {
		// without the work there is nothing that could go unnoticed
		objective.Unnoticed, objective.RTO = false, contract.ControlRecovery
		objective.GiveUpAfter = contract.ControlRecovery + objective.Dwell
	}
	switch arm {
	case contract.WithoutFault:
		objective.DetectWithin = min(objective.DetectWithin, contract.ControlDetectWithin)
	case contract.WithoutRunbook:
		objective.RTO, objective.GiveUpAfter = contract.ControlRecovery, contract.ControlRecovery+objective.Dwell
	}
	return objective
}

// PlanIn marks the drill's record as that of an arm. A whole drill's stays as it is.
func PlanIn(arm contract.Arm, plan harness.Plan) harness.Plan {
	if arm == contract.WholeDrill {
		return plan
	}
	plan.ID += contract.RecordSuffix("", arm)
	plan.Title += " (control arm: " + lacks(arm) + ")"
	plan.Labels = append(slices.Clone(plan.Labels), contract.ControlLabel, string(arm))
	plan.Objective = ObjectiveIn(arm, plan.Objective)
	return plan
}

// claimOf is the verdict that a control arm must have and the one reason for it, whatever the spec claims of the whole drill.
func claimOf(arm contract.Arm) harness.Claim {
	if arm == contract.WithoutFault {
		return harness.Claim{
			Verdict: harness.Inconclusive, Misses: []harness.Miss{harness.NeverDetected},
			Because: "without its fault nothing may break: a drill that detects a failure all the same proves nothing",
		}
	}
	return harness.Claim{
		Verdict: harness.Missed, Misses: []harness.Miss{harness.NotRecovered},
		Because: "without its runbook nothing may bring the service back: a drill that recovers all the same does not test its runbook",
	}
}

// afterDetect says how an arm without a fault ends; false when the step went wrong in another way. A steady state that failed
// on a machine that starved is no failure of the scenario's: heldUp is what held the measurement up, "" when nothing did.
func afterDetect(err error, within time.Duration, heldUp string) (contract.Ending, bool) {
	switch {
	case err == nil && heldUp != "":
		return contract.Inconclusive.Because("without its fault, the steady state failed, but the machine was too busy to tell why (" +
			heldUp + "): run it again on a quieter one"), true
	case err == nil:
		return contract.NotRed.Because("this scenario cannot be made red: without its fault, the steady state failed anyway"), true
	case errors.Is(err, harness.ErrNotDetected):
		return contract.Red.Because(fmt.Sprintf("nothing broke within %v", within)), true
	}
	return contract.Ending{}, false
}

// afterAwait says how an arm without a runbook ends; false when the step went wrong in another way.
func afterAwait(err error, took, patience time.Duration) (contract.Ending, bool) {
	switch {
	case err == nil:
		return contract.NotRed.Because(fmt.Sprintf("this scenario cannot be made red: without its runbook, the service came back by "+
			"itself after %v", took.Round(time.Millisecond))), true
	case errors.Is(err, harness.ErrNotRecovered):
		return contract.Red.Because(fmt.Sprintf("the service was not back %v after the fault", patience)), true
	}
	return contract.Ending{}, false
}

// nothingToLeaveOut says why a drill in which nobody repairs has no arm without a runbook.
func nothingToLeaveOut(claimed harness.Verdict) contract.Ending {
	if claimed == harness.Missed {
		return contract.NotApplicable.Because("nobody repairs it: no runbook to leave out")
	}
	return contract.NotApplicable.Because("recovers by itself: no runbook to leave out")
}

// NotADrill is the ending of every arm of a spec that has neither a fault nor a runbook.
var NotADrill = contract.NotApplicable.Because("not a drill")

// repairs tells whether runbooks do anything besides declaring time.
func repairs(runbooks []harness.Runbook) bool {
	return slices.ContainsFunc(runbooks, func(runbook harness.Runbook) bool {
		return runbook != nil && slices.ContainsFunc(runbook.Steps(), func(step harness.Step) bool { return step.Do != nil })
	})
}

// Claim says which verdict the drill must have. A control arm has a claim of its own.
func (d *Drill) Claim(verdict harness.Verdict, because string, misses ...harness.Miss) {
	d.claimed = verdict
	if d.arm == contract.WholeDrill {
		d.Drill.Claim(verdict, because, misses...)
	}
}

// Baseline proves the steady state.
func (d *Drill) Baseline(ctx context.Context, steady harness.SteadyState) error {
	d.steady = steady
	return d.Drill.Baseline(ctx, steady)
}

// DuringRecovery arms a second fault, unless the drill is a control arm in which it has no moment.
func (d *Drill) DuringRecovery(second harness.Fault, when harness.Moment) error {
	leftOut := d.arm == contract.WithoutFault || d.arm == contract.WithoutRunbook && !when.Within(contract.ControlRecovery)
	if leftOut && second != nil {
		d.Finding(fmt.Sprintf("control arm: left out %s, %s", second.Describe(), when))
		return nil
	}
	return d.Drill.DuringRecovery(second, when)
}

// Rehearse tries a part of the recovery in peace. In a control arm a drill that ends here has nothing to leave out.
func (d *Drill) Rehearse(ctx context.Context, name string, check func(context.Context, harness.Operator) error) error {
	d.test.Helper()
	err := d.Drill.Rehearse(ctx, name, check)
	if err != nil && d.arm != contract.WholeDrill && d.claimed == harness.Missed {
		d.conclude(contract.NotApplicable.Because("red before disaster strikes: neither fault nor runbook to leave out"))
	}
	return err
}

// Inject brings the fault about, or nothing in the control arm without it.
func (d *Drill) Inject(ctx context.Context, cause harness.Fault) error {
	if d.arm != contract.WithoutFault || cause == nil {
		return d.Drill.Inject(ctx, cause)
	}
	d.Finding("control arm: left out " + cause.Describe())
	return d.Drill.Inject(ctx, fault.NoFault{})
}

// Detect waits for the failure. A control arm without a fault ends here, the rest of the spec with it.
func (d *Drill) Detect(ctx context.Context, steady harness.SteadyState) error {
	d.test.Helper()
	err := d.Drill.Detect(ctx, steady)
	if d.arm == contract.WithoutFault {
		heldUp := ""
		if err == nil {
			heldUp = d.heldUp()
		}
		if ending, ended := afterDetect(err, d.Record().Objective.DetectWithin, heldUp); ended {
			d.conclude(ending)
		}
	}
	if d.arm == contract.WithoutRunbook && errors.Is(err, harness.ErrNotDetected) && d.unnoticed {
		d.conclude(contract.NotApplicable.Because("nobody notices, as claimed: no runbook to leave out"))
	}
	return err
}

// heldUp says what held the measurement up since the fault, at its worst; "" when nothing did.
func (d *Drill) heldUp() string {
	worst := d.HeldUp()
	if worst.Length == 0 {
		return ""
	}
	return fmt.Sprintf("%s for %v", worst.Reason, worst.Length.Round(time.Millisecond))
}

// Repair runs runbooks. A control arm without them waits for a recovery here, and ends: what the spec
// expects of a repair must not get in the way.
func (d *Drill) Repair(ctx context.Context, runbooks ...harness.Runbook) error {
	d.test.Helper()
	if d.arm != contract.WithoutRunbook {
		return d.Drill.Repair(ctx, runbooks...)
	}
	if !repairs(runbooks) {
		return nil
	}
	for _, runbook := range runbooks {
		d.Finding(fmt.Sprintf("control arm: left out the runbook %q", runbook.Name()))
	}
	err := d.Drill.AwaitRecovery(ctx, d.steady)
	record := d.Record()
	if ending, ended := afterAwait(err, cameBack(record), record.Objective.GiveUpAfter); ended {
		d.conclude(ending)
	}
	return err
}

// AwaitRecovery waits until the steady state holds again. A control arm without a runbook gets here
// only when there is none.
func (d *Drill) AwaitRecovery(ctx context.Context, steady harness.SteadyState) error {
	d.test.Helper()
	if d.arm == contract.WithoutRunbook {
		d.conclude(nothingToLeaveOut(d.claimed))
	}
	return d.Drill.AwaitRecovery(ctx, steady)
}

// cameBack is how long after t0 the steady state held again, once AwaitRecovery has returned.
func cameBack(record harness.Record) time.Duration {
	if record.Fault == nil {
		return 0
	}
	return record.WatchedUntil - record.Objective.Dwell - record.Fault.At
}

// Milestones sets milestones, unless the drill is a control arm without a runbook: that nobody reaches them there follows
// from what the arm claims, and is no miss of its own.
func (d *Drill) Milestones(ctx context.Context, milestones ...harness.Milestone) error {
	if d.arm != contract.WithoutRunbook {
		return d.Drill.Milestones(ctx, milestones...)
	}
	for _, milestone := range milestones {
		d.Finding(fmt.Sprintf("control arm: left out the milestone %q", milestone.Name))
	}
	return nil
}

// conclude ends the spec of a control arm. A red one has to be red for the reason expected, and its record has to say so.
func (d *Drill) conclude(end contract.Ending) {
	d.test.Helper()
	if end.Result == contract.Red {
		err := d.Judge()
		end = confirmed(end, d.Record(), err)
	}
	d.ending = end
	Say(d.test, end)
}

// confirmed is the ending of an arm that went red in its place, after its record was judged with that error.
func confirmed(end contract.Ending, record harness.Record, judged error) contract.Ending {
	unclaimed := record.Claim.Unclaimed(record.Judgement.Misses)
	starved := len(unclaimed) > 0 && !slices.ContainsFunc(unclaimed, func(miss harness.Miss) bool {
		return miss.Kind() != harness.NobodyLooked && miss.Kind() != harness.TooFewAnswers
	})
	switch {
	case judged != nil && starved:
		return contract.Inconclusive.Because(fmt.Sprintf("%s, but the machine was too busy to be sure (%s): run it again on a "+
			"quieter one", end.Reason, strings.Join(record.Judgement.Reasons, "; ")))
	case judged != nil:
		return contract.OtherReason.Because(fmt.Sprintf("%s, but its record does not say that for this reason alone: %v",
			end.Reason, judged))
	case record.Claim.Verdict == harness.Missed:
		return brokenByFault(end, record)
	}
	return end
}

// brokenByFault is the ending of an arm without a runbook, which is red only when something that is down at its end was
// broken by the fault.
func brokenByFault(end contract.Ending, record harness.Record) contract.Ending {
	var down []string
	for _, miss := range record.Judgement.Misses {
		_, sli, named := strings.Cut(string(miss), string(harness.NotRecovered.Of("")))
		if !named { // nothing is down for good: it goes up and down
			return end
		}
		down = append(down, sli)
	}
	broken := failedWith(record)
	if slices.ContainsFunc(down, func(sli string) bool { return slices.Contains(broken, sli) }) {
		return end
	}
	return contract.OtherReason.Because(fmt.Sprintf("%s because %s failed later, and what the fault broke was back by then: %s",
		end.Reason, strings.Join(down, ", "), strings.Join(broken, ", ")))
}

// failedWith are the SLIs of the steady state that the fault may have broken: they failed in the first half of the watch, or
// while another one of them was still down. What fails later, out of a whole steady state, has a cause of its own.
func failedWith(record harness.Record) []string {
	type failure struct {
		sli      string
		from, to time.Duration
	}
	var failures []failure
	for _, sli := range record.SLIs {
		for _, interval := range sli.Intervals {
			if sli.Steady && !interval.Up && interval.To >= record.Fault.At {
				failures = append(failures, failure{sli.Name, interval.From, interval.To + sli.Period})
			}
		}
	}
	slices.SortStableFunc(failures, func(a, b failure) int { return cmp.Compare(a.from, b.from) })
	reach := record.Fault.At + record.Objective.GiveUpAfter/2
	var broken []string
	for _, one := range failures {
		if one.from > reach {
			break
		}
		reach = max(reach, one.to)
		if !slices.Contains(broken, one.sli) {
			broken = append(broken, one.sli)
		}
	}
	return broken
}

// Say reports how an arm has ended, and ends the test.
func Say(test Test, end contract.Ending) {
	test.Helper()
	test.Ended(end)
	switch {
	case end.Result.LeavesDoubt():
		test.Fail(end.Reason)
	case end.Result == contract.Red:
		test.Pass("control arm: red, as expected: " + end.Reason)
	default:
		test.Skip("control arm: " + end.String())
	}
}
