package consul

// What Consul prints, as evidence to look for. The wording was seen on 1.22.5.
const (
	// LogNameConflict: a server that moved under its old name is refused (hashicorp/serf).
	LogNameConflict = "Node name conflicts with another node at"
)
