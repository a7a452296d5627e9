package harness

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Miss is one way in which a drill misses, or fails to prove anything. A claim names those that it means, and a
// judgement those that it found. Of makes one that speaks of one thing only.
type Miss string

// What makes a drill missed.
const (
	// NotRecovered: the steady state was not back when the watch ended. Its subjects are the SLIs that kept it from holding.
	NotRecovered Miss = "not recovered"
	// TooLate: the steady state came back after the RTO, declared time included.
	TooLate Miss = "too late"
	// OnlyByRevert: the steady state came back when the harness had lifted the fault, after the RTO.
	OnlyByRevert Miss = "back only by the revert"
	// DataLost: acknowledged writes were lost, more than the RPO allows. Its subjects are the ledgers.
	DataLost Miss = "data lost"
	// Noticed: a probe of the steady state failed, and nobody was to notice anything. Its subjects are the SLIs.
	Noticed Miss = "noticed"
	// RunbookStopped: a runbook ended with an error and nobody awaited a recovery. Its subject is the step.
	RunbookStopped Miss = "runbook stopped"
	// RehearsalFailed: a part of the recovery did not work before the fault. Its subject is the rehearsal.
	RehearsalFailed Miss = "rehearsal failed"
	// MilestoneMissed: a milestone was reached late, or not at all. Its subject is the milestone.
	MilestoneMissed Miss = "milestone missed"
	// UnaffectedFailed: what the fault must not touch failed. Its subject is the SLI.
	UnaffectedFailed Miss = "unaffected failed"
	// InconsistentRegister: no order of its operations explains what the clients saw. Its subject is the register.
	InconsistentRegister Miss = "inconsistent register"
)

// What makes a drill inconclusive.
const (
	// NeverDetected: no probe of the steady state failed in time: the fault broke nothing.
	NeverDetected Miss = "never detected"
	// NoFault: nothing was injected.
	NoFault Miss = "no fault"
	// NotConfirmed: nothing proved that a fault bites.
	NotConfirmed Miss = "fault not confirmed"
	// NotSteady: the steady state was never proved, or did not hold until the fault.
	NotSteady Miss = "not steady before the fault"
	// LiftedEarly: the fault was lifted before the RTO was over.
	LiftedEarly Miss = "lifted before the RTO"
	// WatchedTooShort: the watch ended before anybody could tell that the target is missed.
	WatchedTooShort Miss = "watched too short"
	// TooFewAnswers: a probe was asked too rarely after the fault.
	TooFewAnswers Miss = "too few answers"
	// NobodyLooked: for as long as the dwell, nobody asked or had the processor.
	NobodyLooked Miss = "nobody looked"
	// TooClose: the target lies within the bounds of what was measured.
	TooClose Miss = "too close to the target"
	// DataUnknown: what became of the writes or of a register was not established.
	DataUnknown Miss = "data unknown"
	// Doubted: the conductor or the spec has doubts, such as that the drill was interrupted. The record lists them.
	Doubted Miss = "doubted"
)

// claimable are the kinds that a claim of each verdict may name.
var claimable = map[Verdict][]Miss{
	Missed: {
		NotRecovered, TooLate, OnlyByRevert, DataLost, RunbookStopped, RehearsalFailed, MilestoneMissed, UnaffectedFailed,
		InconsistentRegister, Noticed,
	},
	Inconclusive: {
		NeverDetected, NoFault, NotConfirmed, NotSteady, LiftedEarly, WatchedTooShort, TooFewAnswers, NobodyLooked, TooClose,
		DataUnknown, Doubted,
		DataLost, UnaffectedFailed, InconsistentRegister, RehearsalFailed, // facts, whatever else is doubtful
	},
}

const missSubject = ": "

// Of is the miss of one subject: harness.NotRecovered.Of("nomad quorum of 3"). A claim of it is not met by the same
// kind of miss of another subject; a claim without a subject is met by every subject.
func (m Miss) Of(subject string) Miss { return m + missSubject + Miss(subject) }

// Kind is the miss without its subject.
func (m Miss) Kind() Miss {
	kind, _, _ := strings.Cut(string(m), missSubject)
	return Miss(kind)
}

// covers tells whether a claimed miss means a found one.
func (m Miss) covers(found Miss) bool { return m == found || m == found.Kind() }

// A Claim is the verdict that the spec says the drill must have, why, and which misses it means. A drill that shows a
// broken procedure claims Missed.
type Claim struct {
	Verdict Verdict `json:"verdict"`
	Because string  `json:"because,omitempty"`
	// Misses are the misses that the claim means: all of them must be found, and no other. Without any, the verdict is
	// all that is claimed, as in records of before there were any.
	Misses []Miss `json:"misses,omitempty"`
}

// verdict is what is claimed; an empty claim is that of a drill that must be met.
func (c Claim) verdict() Verdict {
	if c.Verdict == "" {
		return Met
	}
	return c.Verdict
}

// Validate says in one sentence why a claim cannot come true.
func (c Claim) Validate() error {
	if c.Verdict != Met && c.Verdict != Missed && c.Verdict != Inconclusive {
		return fmt.Errorf("the claimed verdict %q is none of %s, %s and %s", c.Verdict, Met, Missed, Inconclusive)
	}
	if c.Verdict == Missed && len(c.Misses) == 0 {
		return fmt.Errorf(
			"the claim of %s does not say which miss it means, such as harness.NotRecovered: a drill that is missed in another way "+
				"would be as claimed", Missed)
	}
	for _, miss := range c.Misses {
		if !slices.Contains(claimable[c.Verdict], miss.Kind()) {
			return fmt.Errorf("the claimed miss %q is none that makes a drill %s: %s", miss, c.Verdict,
				cmp.Or(JoinMisses(claimable[c.Verdict]), "there is none"))
		}
	}
	return nil
}

// IsMetBy tells whether a judgement is what was claimed, for the reason that was claimed.
func (c Claim) IsMetBy(verdict Verdict, found []Miss) bool {
	if verdict != c.verdict() {
		return false
	}
	return len(c.Misses) == 0 || len(c.Unclaimed(found)) == 0 && len(c.Unfound(found)) == 0
}

// Unclaimed are the found misses that the claim does not mean.
func (c Claim) Unclaimed(found []Miss) []Miss {
	return slices.DeleteFunc(slices.Clone(found), func(miss Miss) bool {
		return slices.ContainsFunc(c.Misses, func(claimed Miss) bool { return claimed.covers(miss) })
	})
}

// Unfound are the claimed misses that were not found.
func (c Claim) Unfound(found []Miss) []Miss {
	return slices.DeleteFunc(slices.Clone(c.Misses), func(claimed Miss) bool { return slices.ContainsFunc(found, claimed.covers) })
}

// String is the claim as an error says it: "missed (not recovered)".
func (c Claim) String() string {
	if len(c.Misses) == 0 {
		return string(c.verdict())
	}
	return string(c.verdict()) + " (" + JoinMisses(c.Misses) + ")"
}

// JoinMisses lists misses in a sentence, each kind once with its subjects: "not recovered: a, b; data lost".
func JoinMisses(misses []Miss) string {
	var kinds []Miss
	subjects := map[Miss][]string{}
	for _, miss := range misses {
		if !slices.Contains(kinds, miss.Kind()) {
			kinds = append(kinds, miss.Kind())
		}
		if _, subject, named := strings.Cut(string(miss), missSubject); named {
			subjects[miss.Kind()] = append(subjects[miss.Kind()], subject)
		}
	}
	var texts []string
	for _, kind := range kinds {
		text := string(kind)
		if names := subjects[kind]; len(names) > 0 {
			text += ": " + strings.Join(names, ", ")
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

// A Symptom is what became of one SLI or ledger after the fault.
type Symptom struct {
	Subject string      `json:"subject"` // the SLI, or the ledger
	Kind    SymptomKind `json:"kind"`
	Says    string      `json:"says,omitempty"` // what was seen first when it went wrong
}

// SymptomKind tells what an alarm could have seen.
type SymptomKind string

// The kinds of symptoms. The silent ones are the dangerous ones: something is wrong, and every client goes
// on getting the answers that it wants.
const (
	StaysGreen  SymptomKind = "green"
	GoesRed     SymptomKind = "red"
	WrongSilent SymptomKind = "wrong without going red"
)
