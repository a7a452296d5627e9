package harness

import "time"

// RecordDrift is how one node differs, after the recovery, from what it was before the fault.
type RecordDrift struct {
	Node string `json:"node"`
	// Traits is how much was compared: what the node looked like after the recovery.
	Traits int `json:"traits"`
	// Took and CPU are what the dearer of the two fingerprints took, and cost the node's processor.
	Took time.Duration `json:"took_ns"`
	CPU  time.Duration `json:"cpu_ns"`
	// Explained are the differences that were planned, or that follow from the nodes' new addresses.
	Explained []RecordDifference `json:"explained,omitempty"`
	// Unexplained are those that nobody planned: what the procedure does not know of.
	Unexplained []RecordDifference `json:"unexplained,omitempty"`
	// ExplainedMore and UnexplainedMore count those that are not listed: a list ends after 200.
	ExplainedMore   int `json:"explained_more,omitempty"`
	UnexplainedMore int `json:"unexplained_more,omitempty"`
}

// RecordDifference is one difference. Before is empty for what is new, After for what is gone.
type RecordDifference struct {
	Kind    Kind   `json:"kind"`
	Key     string `json:"key"`
	Before  string `json:"before,omitempty"`
	After   string `json:"after,omitempty"`
	Because string `json:"because,omitempty"` // why it was planned
}

// RecordMention is a place that still named an old address after the recovery.
type RecordMention struct {
	Node    string `json:"node,omitempty"` // empty for what belongs to a whole cluster
	Where   string `json:"where"`          // "file", "process", "environment", "socket", or a product's own place
	Key     string `json:"key"`
	Line    int    `json:"line,omitempty"`
	Text    string `json:"text"`
	Address string `json:"address"`
	Because string `json:"because,omitempty"` // why it was expected; empty for what was forgotten
}

// Forgotten are the mentions that nobody expected.
func (r Record) Forgotten() []RecordMention {
	var forgotten []RecordMention
	for _, mention := range r.Mentions {
		if mention.Because == "" {
			forgotten = append(forgotten, mention)
		}
	}
	return forgotten
}
