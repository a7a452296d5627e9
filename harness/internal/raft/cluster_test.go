package raft

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// asked is a cluster of three servers that say who leads; one that is not named is down. All agree on who votes.
func asked(leaders map[string]string) Cluster {
	return Cluster{
		Product: "Nomad",
		Servers: func(observer harness.Observer) ([]harness.Node, error) { return observer.Topology().Nodes, nil },
		Leader: func(_ context.Context, _ harness.Observer, node string) (string, error) {
			leader, up := leaders[node]
			if !up {
				return "", errors.New("connection refused")
			}
			return leader, nil
		},
		Voters: func(context.Context, harness.Observer, string) ([]string, error) { return everybody(), nil },
	}
}

// abc are the three servers.
func abc() *labtest.Lab {
	var topology harness.Topology
	for i, name := range []string{"a", "b", "c"} {
		topology.Nodes = append(topology.Nodes, harness.Node{Name: name, IPv6: netip.AddrFrom16([16]byte{0: 0xfd, 15: byte(i + 1)})})
	}
	return labtest.New(topology)
}

// Goal: the quorum holds only while so many servers as there should be answer, agree, and are where they say. Method: a
// server too few, one that is down, one without a leader, and one that has moved.
func TestQuorum(t *testing.T) {
	agreed := map[string]string{"a": atB, "b": atB, "c": atB}
	quorum := asked(agreed).Quorum(3)
	labtest.Expect(t, quorum.Check(t.Context(), abc()), "")
	if quorum.Name() != "nomad quorum of 3" || quorum.Period() != 500*time.Millisecond {
		t.Errorf("it is %q, every %v", quorum.Name(), quorum.Period())
	}
	labtest.Expect(t, asked(agreed).Quorum(5).Check(t.Context(), abc()), "the topology has 3 Nomad servers, not 5")
	down := asked(map[string]string{"a": atB, "b": atB})
	labtest.Expect(t, down.Quorum(3).Check(t.Context(), abc()), "c: connection refused")
	lonely := asked(map[string]string{"a": atB, "b": atB, "c": ""})
	labtest.Expect(t, lonely.Quorum(3).Check(t.Context(), abc()), "c: no leader")
	moved := abc()
	moved.Renumber("a", harness.Addresses{IPv6: netip.MustParseAddr("fd00::9")})
	labtest.Expect(t, quorum.Check(t.Context(), moved), "its voter [fd00::1]:1 is an address no server has")
}

// Goal: the leader is found, and known by its node's name, while a minority is down; a dead one is not.
// Method: take down a follower, then the leader.
func TestLeaderNode(t *testing.T) {
	followerDown, leaderDown := asked(map[string]string{"b": atB, "c": atB}), asked(map[string]string{"a": atB, "c": atB})
	if leader, err := followerDown.LeaderNode(t.Context(), abc()); leader != "b" || err != nil {
		t.Errorf("the leader is %q, %v", leader, err)
	}
	labtest.Expect(t, followerDown.HasLeader().Check(t.Context(), abc()), "")
	labtest.Expect(t, leaderDown.HasLeader().Check(t.Context(), abc()), "b: connection refused")
}
