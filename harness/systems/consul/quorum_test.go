package consul

import (
	"testing"

	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: each server's own view of leader and voters is read; the leader is known by its node.
// Method: serve the HTTP API of three servers in memory, one of which misses a voter, and one that is down.
func TestQuorum(t *testing.T) {
	fine := &fakeAPI{leader: at2, voters: []string{at1, at2, at3}}
	short := &fakeAPI{leader: at2, voters: []string{at1, at2}}
	labtest.Expect(t, Quorum(3).Check(t.Context(), cluster(t, fine, fine, fine)), "")
	labtest.Expect(t, Quorum(3).Check(t.Context(), cluster(t, fine, fine, short)), "consul-3: 2 voters of 3")
	labtest.Expect(t, Quorum(3).Check(t.Context(), cluster(t, fine, nil, fine)), "consul-2: dial tcp: connection refused")
	labtest.Expect(t, Leader().Check(t.Context(), cluster(t, nil, fine, fine)), "")
	if leader, err := LeaderNode(t.Context(), cluster(t, nil, fine, fine)); leader != "consul-2" || err != nil {
		t.Errorf("the leader is %q, %v", leader, err)
	}
}
