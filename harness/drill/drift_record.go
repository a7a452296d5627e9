package drill

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/internal/redact"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

// becauseMoved explains what follows from new addresses.
const becauseMoved = "it follows from the new addresses"

// drift compares the nodes that were looked at both times. The caller of this and of what follows holds the lock.
func (a *audit) drift() []harness.RecordDrift {
	var drifts []harness.RecordDrift
	for _, node := range sortedNames(a.after) {
		before, known := a.before[node]
		if !known {
			continue
		}
		after := a.after[node]
		explained, unexplained := drift.Explain(drift.Compare(before, after), a.planned)
		followed, unexplained := a.followed(before, after, unexplained)
		one := harness.RecordDrift{
			Node:   node,
			Traits: len(after.Traits),
			Took:   max(before.Wall, after.Wall),
			CPU:    max(before.CPU, after.CPU),
		}
		for _, difference := range slices.Concat(explained, followed) {
			one.Explained = append(one.Explained, recordDifference(difference.Difference, difference.Because))
		}
		for _, difference := range unexplained {
			one.Unexplained = append(one.Unexplained, recordDifference(difference, ""))
		}
		one.Explained, one.ExplainedMore = capped(one.Explained)
		one.Unexplained, one.UnexplainedMore = capped(one.Unexplained)
		drifts = append(drifts, one)
	}
	return drifts
}

// followed tells the differences that are gone when the fingerprint of before is read with the new
// addresses in the place of the old. The content of files is not looked into: who rewrote them should say so.
func (a *audit) followed(
	before, after harness.Fingerprint,
	differences []harness.Difference,
) (followed []drift.Explained, others []harness.Difference) {
	if len(a.moved.Old()) == 0 {
		return nil, differences
	}
	read := before
	read.Traits = slices.Clone(before.Traits)
	for i, trait := range read.Traits {
		if trait.Kind != harness.KindFile {
			read.Traits[i].Key = string(a.moved.Rewrite([]byte(trait.Key)))
			read.Traits[i].Value = string(a.moved.Rewrite([]byte(trait.Value)))
		}
	}
	read.Traits = harness.SortTraits(read.Traits)
	remaining := drift.Compare(read, after)
	for _, difference := range differences {
		// A trait that is gone reads with the new addresses in what remains.
		sought := difference
		if difference.After == "" && difference.Kind != harness.KindFile {
			sought.Key = string(a.moved.Rewrite([]byte(difference.Key)))
		}
		stays := slices.ContainsFunc(
			remaining,
			func(one harness.Difference) bool { return one.Kind == sought.Kind && one.Key == sought.Key },
		)
		if stays {
			others = append(others, difference)
			continue
		}
		followed = append(followed, drift.Explained{Difference: difference, Because: becauseMoved})
	}
	return followed, others
}

func sortedNames(fingerprints map[string]harness.Fingerprint) []string {
	var names []string
	for name := range fingerprints {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func recordDifference(difference harness.Difference, because string) harness.RecordDifference {
	clipped := func(text string) string { return words.Clip(redact.Text(text), recordedText) } // a cut may leave half a secret
	return harness.RecordDifference{
		Kind: difference.Kind, Key: difference.Key, Because: because,
		Before: clipped(difference.Before), After: clipped(difference.After),
	}
}

// capped is the beginning of a list, and how much more there is.
func capped[Element any](all []Element) (kept []Element, more int) {
	if len(all) <= recordedDifferences {
		return all, 0
	}
	return all[:recordedDifferences], len(all) - recordedDifferences
}

// becauseNamed explains what still stands in /etc/hosts as the lab has written it.
const becauseNamed = "the lab named the node there when it started, and nobody has rewritten the line since"

// recordMentions are the mentions with the reasons of those that were expected, by a plan or for being the lab's own lines of
// /etc/hosts. Those that were not come first into the record.
func (a *audit) recordMentions(topology harness.Topology) ([]harness.RecordMention, int) {
	var forgotten, expected []harness.RecordMention
	for _, mention := range a.mentions {
		one := harness.RecordMention{
			Node: mention.Node, Where: mention.Where, Key: mention.Key, Line: mention.Line, Text: mention.Text,
			Address: mention.Address.String(),
		}
		at := slices.IndexFunc(a.planned, func(p drift.Planned) bool {
			return p.Matches(mention.Node, harness.KindMention,
				mention.Where+" "+mention.Key)
		})
		switch { // a plan's reason says more
		case at >= 0:
			one.Because = a.planned[at].Because
		case isHostLine(topology, mention):
			one.Because = becauseNamed
		default:
			forgotten = append(forgotten, one)
			continue
		}
		expected = append(expected, one)
	}
	return capped(slices.Concat(forgotten, expected))
}

// isHostLine tells whether a mention is a line of /etc/hosts that the lab has put there.
func isHostLine(topology harness.Topology, mention harness.Mention) bool {
	fields := strings.Fields(mention.Text)
	if mention.Where != harness.WhereFile || mention.Key != harness.HostsFile || len(fields) != 2 {
		return false
	}
	return slices.Contains(topology.HostLines(mention.Node), harness.HostLine{Address: mention.Address, Name: fields[1]})
}

// noteAudit says in a sentence each what nobody planned. The caller holds the lock.
func (d *Drill) noteAudit() {
	if d.audit.noted {
		return
	}
	d.audit.noted = true
	for _, one := range d.record.Drift {
		if count := len(one.Unexplained) + one.UnexplainedMore; count > 0 {
			d.finding(fmt.Sprintf("after the recovery %s differs from before the fault by %s",
				one.Node, words.Counted(count, "thing that nobody planned|things that nobody planned")))
		}
	}
	if forgotten := d.record.Forgotten(); len(forgotten) > 0 {
		d.finding(fmt.Sprintf("after the recovery %s an old address, such as %s",
			words.Counted(len(forgotten), "place still names|places still name"), mentionPlace(forgotten[0])))
	}
}

// mentionPlace is where a mention stands, in one line.
func mentionPlace(m harness.RecordMention) string {
	text := m.Where + " " + m.Key
	if m.Line > 0 {
		text += fmt.Sprintf(" line %d", m.Line)
	}
	if m.Node != "" {
		text += " of " + m.Node
	}
	return text
}
