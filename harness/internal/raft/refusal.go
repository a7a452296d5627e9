package raft

import (
	"net/http"
	"strings"
)

// refusals are what servers built on hashicorp/raft answer when a write was turned away before it
// entered the log. "leadership lost while committing log" is not among them: that one may have been
// committed.
var refusals = []string{
	"no cluster leader",                      // structs.ErrNoLeader in Nomad and Consul
	"not ready to serve consistent reads",    // structs.ErrNotReadyForConsistentReads: a leader that has just been elected
	"node is not the leader",                 // raft.ErrNotLeader: turned away by Apply
	"failed to get conn",                     // the follower could not reach the leader it was to forward to
	"raft leader not found in server lookup", // Consul's structs.ErrLeaderNotTracked
}

// Refuses tells from the answer to a write that it was certainly not applied. Any other failure
// leaves the outcome unknown.
func Refuses(status int, body string) bool {
	if status >= http.StatusBadRequest && status < http.StatusInternalServerError {
		return true
	}
	body = strings.ToLower(body)
	for _, refusal := range refusals {
		if strings.Contains(body, refusal) {
			return true
		}
	}
	return false
}
