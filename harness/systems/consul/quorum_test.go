package consul

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: the quorum probe holds only when every server answers, agrees and votes, and says which
// does not.
// Method: serve the HTTP API of three servers in memory, each case with one thing wrong.
func TestQuorum(t *testing.T) {
	server := func(leader string, voters ...string) http.Handler { return &fakeAPI{leader: leader, voters: voters} }
	fine := func() http.Handler { return server(at2, at1, at2, at3) }
	cases := map[string]struct {
		apis  []http.Handler
		wants string
	}{
		"three agree":       {[]http.Handler{fine(), fine(), fine()}, ""},
		"one is down":       {[]http.Handler{fine(), nil, fine()}, "consul-2: dial tcp: connection refused"},
		"one has no leader": {[]http.Handler{fine(), fine(), server("", at1, at2, at3)}, "consul-3: no leader"},
		"two voters":        {[]http.Handler{fine(), fine(), server(at2, at1, at2)}, "consul-3: 2 voters of 3"},
		"two leaders":       {[]http.Handler{fine(), fine(), server(at3, at1, at2, at3)}, "two leaders"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			labtest.Expect(t, Quorum(3).Check(t.Context(), cluster(t, c.apis...)), c.wants)
		})
	}
	t.Run("after a move", func(t *testing.T) {
		observer := cluster(t, fine(), fine(), fine())
		observer.Renumber("consul-1", harness.Addresses{IPv6: netip.MustParseAddr("fd00:d2::11")})
		labtest.Expect(t, Quorum(3).Check(t.Context(), observer), "its voter [fd00:d1::11]:8300 is an address no server has")
	})
	t.Run("another number of servers", func(t *testing.T) {
		labtest.Expect(t, Quorum(5).Check(t.Context(), cluster(t)), "the topology has 3 Consul servers, not 5")
	})
}

// Goal: the leader is found, and known by its node's name, while a minority is down; a dead one is not.
// Method: take down a follower, then the leader.
func TestLeaderNode(t *testing.T) {
	one := func() http.Handler { return &fakeAPI{leader: at2} }
	leader, err := LeaderNode(t.Context(), cluster(t, nil, one(), one()))
	if leader != "consul-2" || err != nil {
		t.Errorf("the leader is %q, %v", leader, err)
	}
	labtest.Expect(t, Leader().Check(t.Context(), cluster(t, nil, one(), one())), "")
	labtest.Expect(t, Leader().Check(t.Context(), cluster(t, one(), nil, one())), "consul-2: dial tcp: connection refused")
}
