package nomad

// What Nomad prints, as evidence to look for. The wording was seen on 1.11.3 and, where said, on
// 1.3.16; the names in parentheses are where it is written in Nomad's source.
const (
	// LogPeersFound and LogPeersDeleted: peers.json was taken (setupRaft in nomad/server.go).
	LogPeersFound   = "found peers.json file, recovering Raft configuration"
	LogPeersDeleted = "deleted peers.json file after successful recovery"
	// LogPeersDropped: peers.json was thrown away because there was no peers.info (setupRaft).
	LogPeersDropped = "deleted peers.json file (see peers.info for details)"
	// LogArrayRefused ends an agent that speaks Raft 3 and finds a Raft 2 file. It is the text of the
	// postmortem of 2020.
	LogArrayRefused = "recovery failed to parse peers.json: json: cannot unmarshal string into Go value of type raft.configEntry"
	// LogObjectsRefused ends an agent that speaks Raft 2 and finds a Raft 3 file (1.3.16).
	LogObjectsRefused = "recovery failed to parse peers.json: json: cannot unmarshal object into Go value of type string"
	// LogNameConflict: a server that moved under its old name is refused (hashicorp/serf).
	LogNameConflict = "Node name conflicts with another node at"
)
