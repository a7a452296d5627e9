package contract

import "time"

// An Arm is what a run of control arms leaves out of every drill: a drill whose verdict does not depend on it proves nothing.
type Arm string

// The arms.
const (
	// WholeDrill leaves nothing out.
	WholeDrill Arm = ""
	// WithoutFault injects nothing: Detect must find nothing.
	WithoutFault Arm = "without-fault"
	// WithoutRunbook repairs nothing: AwaitRecovery must wait in vain.
	WithoutRunbook Arm = "without-runbook"
)

// The limits of control arms, which would otherwise watch for as long as the longest drill may take.
const (
	// ControlDetectWithin is how long an arm without a fault waits for nothing to break, at most. Real faults are
	// detected in less than a second here; a loaded machine may take some.
	ControlDetectWithin = 15 * time.Second
	// ControlRecovery is how long a service that nobody repairs is given to come back by itself. It lies
	// well above the 25 s that the longest runbook here needs, and is time for tens of elections.
	ControlRecovery = 40 * time.Second
)

func (a Arm) known() bool { return a == WholeDrill || a == WithoutFault || a == WithoutRunbook }

// ControlLabel is among the labels of every record that a control arm leaves.
const ControlLabel = "control arm"

// ControlEntry names the entry of the runner's report whose value is the [Ending] of a spec's control arm, as JSON.
const ControlEntry = "control arm"

// A ControlResult is what one arm of one spec has shown.
type ControlResult string

// What a spec says of its arm.
const (
	Red           ControlResult = "red"
	NotRed        ControlResult = "not red"
	Inconclusive  ControlResult = "inconclusive" // the machine starved
	NotApplicable ControlResult = "not applicable"
	// OtherReason is red in the right place, and for a reason that has nothing to do with what the arm leaves out.
	OtherReason ControlResult = "red for another reason"
)

// What the command says of an arm of which the spec says nothing.
const (
	FailedBefore ControlResult = "failed before" // it never got to the place where it must go red
	NotRun       ControlResult = "not run"
)

// LeavesDoubt tells whether the arm has a meaning and did not go red.
func (r ControlResult) LeavesDoubt() bool {
	return r == NotRed || r == Inconclusive || r == OtherReason || r == FailedBefore || r == NotRun
}

// Because is the ending with that result.
func (r ControlResult) Because(reason string) Ending { return Ending{Result: r, Reason: reason} }

// An Ending is how an arm ended.
type Ending struct {
	Result ControlResult `json:"result"`
	Reason string        `json:"reason"`
}

// String is the ending as the runner prints it.
func (e Ending) String() string { return string(e.Result) + ": " + e.Reason }
