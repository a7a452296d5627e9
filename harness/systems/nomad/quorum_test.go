package nomad

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

const at1, at2, at3 = "[fd00:d1::21]:4647", "[fd00:d1::22]:4647", "[fd00:d1::23]:4647"

// Goal: the quorum probe holds only when every server answers, agrees and votes, and says which
// does not.
// Method: serve the HTTP API of three servers from tables, each case with one thing wrong.
func TestQuorum(t *testing.T) {
	fine := func() http.Handler { return raftAPI(at2, at1, at2, at3) }
	cases := map[string]struct {
		apis  []http.Handler
		wants string
	}{
		"three agree":         {[]http.Handler{fine(), fine(), fine()}, ""},
		"one is down":         {[]http.Handler{fine(), nil, fine()}, "nomad-2: dial tcp: connection refused"},
		"one has no leader":   {[]http.Handler{fine(), fine(), raftAPI("", at1, at2, at3)}, "nomad-3: no leader"},
		"two voters":          {[]http.Handler{fine(), fine(), raftAPI(at2, at1, at2)}, "nomad-3: 2 voters of 3"},
		"an error of the API": {[]http.Handler{fine(), fine(), &fakeAPI{}}, "nomad-3: Unexpected response code: 404"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			labtest.Expect(t, Quorum(3).Check(t.Context(), servers3(t, c.apis...)), c.wants)
		})
	}
	t.Run("another number of servers", func(t *testing.T) {
		labtest.Expect(t, Quorum(5).Check(t.Context(), servers3(t)), "the topology has 3 Nomad servers, not 5")
	})
}

// Goal: servers are asked for their own view. A server without a leader would otherwise hold the
// question for 5 s, longer than a probe's time limit.
// Method: look at the query that arrives.
func TestQuorumAsksForStaleAnswers(t *testing.T) {
	asked := raftAPI(at1, at1, at2, at3)
	observer := servers3(t, asked, raftAPI(at1, at1, at2, at3), raftAPI(at1, at1, at2, at3))
	labtest.Expect(t, Quorum(3).Check(t.Context(), observer), "")
	for _, path := range []string{"/v1/status/leader", "/v1/operator/raft/configuration"} {
		if !asked.askedStale(path) {
			t.Errorf("%s was not asked for a stale answer", path)
		}
	}
}

// Goal: servers that agree on addresses they no longer have are no quorum.
// Method: move one server after all have agreed.
func TestQuorumAfterAMove(t *testing.T) {
	fine := func() http.Handler { return raftAPI(at2, at1, at2, at3) }
	observer := servers3(t, fine(), fine(), fine())
	observer.Renumber("nomad-1", harness.Addresses{IPv6: netip.MustParseAddr("fd00:d2::21")})
	labtest.Expect(t, Quorum(3).Check(t.Context(), observer), "its voter [fd00:d1::21]:4647 is an address no server has")
}

// Goal: the leader is found, and known by its node's name, while a minority is down; a dead one is not.
// Method: take down a follower, then the leader.
func TestLeaderNode(t *testing.T) {
	one := func() http.Handler { return raftAPI(at2) }
	leader, err := LeaderNode(t.Context(), servers3(t, nil, one(), one()))
	if leader != "nomad-2" || err != nil {
		t.Errorf("the leader is %q, %v", leader, err)
	}
	labtest.Expect(t, Leader().Check(t.Context(), servers3(t, nil, one(), one())), "")
	labtest.Expect(t, Leader().Check(t.Context(), servers3(t, one(), nil, one())), "nomad-2: dial tcp: connection refused")
}
