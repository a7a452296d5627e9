package nomad

import (
	"testing"

	"github.com/reprise-dr/reprise/harness/labtest"
)

const at1, at2, at3 = "[fd00:d1::21]:4647", "[fd00:d1::22]:4647", "[fd00:d1::23]:4647"

// Goal: each server's own view of leader and voters is read; the leader is known by its node. A server without a leader
// would hold a question that is not stale for 5 s, longer than a probe's time limit.
// Method: serve the HTTP API of three servers in memory, one of which misses a voter or answers with an error, and look
// at the queries.
func TestQuorum(t *testing.T) {
	fine := raftAPI(at2, at1, at2, at3)
	labtest.Expect(t, Quorum(3).Check(t.Context(), servers3(t, fine, fine, fine)), "")
	for _, path := range []string{"/v1/status/leader", "/v1/operator/raft/configuration"} {
		if !fine.askedStale(path) {
			t.Errorf("%s was not asked for a stale answer", path)
		}
	}
	labtest.Expect(t, Quorum(3).Check(t.Context(), servers3(t, fine, fine, raftAPI(at2, at1, at2))), "nomad-3: 2 voters of 3")
	labtest.Expect(t, Quorum(3).Check(t.Context(), servers3(t, fine, fine, &fakeAPI{})), "nomad-3: Unexpected response code: 404")
	labtest.Expect(t, Leader().Check(t.Context(), servers3(t, nil, fine, fine)), "")
	if leader, err := LeaderNode(t.Context(), servers3(t, nil, fine, fine)); leader != "nomad-2" || err != nil {
		t.Errorf("the leader is %q, %v", leader, err)
	}
}
