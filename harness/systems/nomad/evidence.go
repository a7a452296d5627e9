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
	// LogRaftProtocolRefused ends an agent from 1.4 on that is told to speak another protocol than 3.
	LogRaftProtocolRefused = "raft_protocol must be 3 in Nomad v1.4 and later"
	// LogQuorumLost: a leader steps down (hashicorp/raft).
	LogQuorumLost = "failed to contact quorum of nodes, stepping down"
	// LogElectionStarved: a server asks for votes and gets none (hashicorp/raft, protocol 3).
	LogElectionStarved = "Election timeout reached, restarting election"
	// LogNotInConfiguration: a server does not find itself among the peers (hashicorp/raft, protocol 2
	// after a change of address).
	LogNotInConfiguration = "not part of a stable configuration or a non-voter, not triggering a leader election"
	// LogNotStable: the same after a peers.json with the wrong ids (hashicorp/raft, protocol 3).
	LogNotStable = "not part of stable configuration, aborting election"
	// LogNameConflict: a server that moved under its old name is refused (hashicorp/serf).
	LogNameConflict = "Node name conflicts with another node at"
	// LogAddressConflict: what its peers print meanwhile (hashicorp/memberlist).
	LogAddressConflict = "Conflicting address for"
	// LogDuplicateID: a server that moved under a new name replaces its old self.
	LogDuplicateID = "removed server with duplicate ID"
)
