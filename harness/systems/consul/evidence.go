package consul

// What Consul prints, as evidence to look for. The wording was seen on 1.22.5.
const (
	// LogQuorumLost: a leader steps down (hashicorp/raft).
	LogQuorumLost = "failed to contact quorum of nodes, stepping down"
	// LogLeaderElected: a leader has been elected and is known here.
	LogLeaderElected = "New leader elected"
	// LogInitialConfiguration: the peers in the Raft log at a start, which after a change of addresses
	// are the old ones.
	LogInitialConfiguration = "initial configuration"
	// LogCannotBind: a running server whose address is gone tries to reach its peers.
	LogCannotBind = "bind: cannot assign requested address"
	// LogNameConflict: a server that moved under its old name is refused (hashicorp/serf).
	LogNameConflict = "Node name conflicts with another node at"
	// LogAddressConflict: what its peers print meanwhile (hashicorp/memberlist).
	LogAddressConflict = "Conflicting address for"
)
