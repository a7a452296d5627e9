package harness

import "net/netip"

// KindMention is the kind of a [drift.Planned] that explains mentions. Its Key is matched with "where key" of a [Mention].
const KindMention Kind = "mention"

// Where an address can be mentioned on a node. Products' own places have the names of their sources.
const (
	WhereFile        = "file"        // Key: the path
	WhereProcess     = "process"     // Key: "user program"
	WhereEnvironment = "environment" // Key: "user program", Text: the variable
	WhereSocket      = "socket"      // Key: "tcp established", Text: both ends
)

// A Mention is a place that names an address.
type Mention struct {
	Node    string     `json:"node,omitempty"` // "" for what belongs to a whole cluster
	Where   string     `json:"where"`
	Key     string     `json:"key"`
	Line    int        `json:"line,omitempty"` // from 1, in a text of lines
	Text    string     `json:"text"`           // what stands there, at most 200 bytes
	Address netip.Addr `json:"address"`
}
