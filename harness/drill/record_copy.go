package drill

import (
	"maps"
	"slices"

	"github.com/reprise-dr/reprise/harness"
)

// clone copies a record, so that neither side sees what the other adds later.
func clone(r harness.Record) harness.Record {
	r.Labels = slices.Clone(r.Labels)
	r.Versions = maps.Clone(r.Versions)
	r.Engine = maps.Clone(r.Engine)
	r.Nodes = slices.Clone(r.Nodes)
	if r.Fault != nil {
		fault := *r.Fault
		fault.Effects = slices.Clone(fault.Effects)
		r.Fault = &fault
	}
	r.FurtherFaults = slices.Clone(r.FurtherFaults)
	for i := range r.FurtherFaults {
		r.FurtherFaults[i].Effects = slices.Clone(r.FurtherFaults[i].Effects)
	}
	r.SLIs = slices.Clone(r.SLIs)
	for i := range r.SLIs {
		r.SLIs[i].Intervals = slices.Clone(r.SLIs[i].Intervals)
	}
	r.Events = slices.Clone(r.Events)
	r.Steps = slices.Clone(r.Steps)
	r.Ledgers = slices.Clone(r.Ledgers)
	for i := range r.Ledgers {
		r.Ledgers[i].LostEntries = slices.Clone(r.Ledgers[i].LostEntries)
	}
	r.Registers = slices.Clone(r.Registers)
	for i := range r.Registers {
		r.Registers[i].History = slices.Clone(r.Registers[i].History)
	}
	r.Evidence = slices.Clone(r.Evidence)
	r.Drift = slices.Clone(r.Drift)
	for i := range r.Drift {
		r.Drift[i].Explained = slices.Clone(r.Drift[i].Explained)
		r.Drift[i].Unexplained = slices.Clone(r.Drift[i].Unexplained)
	}
	r.Mentions = slices.Clone(r.Mentions)
	r.Interruptions = slices.Clone(r.Interruptions)
	r.Doubts = slices.Clone(r.Doubts)
	r.Findings = slices.Clone(r.Findings)
	r.Rehearsals = slices.Clone(r.Rehearsals)
	r.Milestones = slices.Clone(r.Milestones)
	for i := range r.Milestones {
		r.Milestones[i].SLIs = slices.Clone(r.Milestones[i].SLIs)
	}
	r.Claim.Misses = slices.Clone(r.Claim.Misses)
	r.Judgement.Misses = slices.Clone(r.Judgement.Misses)
	r.Judgement.Reasons = slices.Clone(r.Judgement.Reasons)
	r.Judgement.Outages = slices.Clone(r.Judgement.Outages)
	r.Judgement.Repairs = slices.Clone(r.Judgement.Repairs)
	r.Judgement.Spared = slices.Clone(r.Judgement.Spared)
	r.Judgement.Milestones = slices.Clone(r.Judgement.Milestones)
	r.Judgement.Symptoms = slices.Clone(r.Judgement.Symptoms)
	return r
}
