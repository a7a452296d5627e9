package raft

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/reprise-dr/reprise/harness/labtest"
)

// members are three servers on two addresses each; the second family shows that both count.
var members = Members{
	netip.MustParseAddr("fd00::1"): "a", netip.MustParseAddr("10.0.0.1"): "a",
	netip.MustParseAddr("fd00::2"): "b", netip.MustParseAddr("10.0.0.2"): "b",
	netip.MustParseAddr("fd00::3"): "c", netip.MustParseAddr("10.0.0.3"): "c",
}

const (
	atA, atB, atC = "[fd00::1]:1", "[fd00::2]:1", "[fd00::3]:1"
	gone          = "[fd00::9]:1" // an address that no server has
)

func everybody() []string { return []string{atA, atB, atC} }

// views are three servers with the same voters that name these leaders.
func views(a, b, c string) []View {
	return []View{
		{Node: "a", Leader: a, Voters: everybody()},
		{Node: "b", Leader: b, Voters: everybody()},
		{Node: "c", Leader: c, Voters: everybody()},
	}
}

// altered changes one view.
func altered(all []View, i int, change func(*View)) []View {
	change(&all[i])
	return all
}

// Goal: agreement is found only where all servers agree on a leader and on the voters, and a
// disagreement names the server and what it says.
// Method: start from three servers that agree and change one thing at a time.
func TestAgreement(t *testing.T) {
	cases := map[string]struct {
		views []View
		wants string // part of the error; "" for agreement
	}{
		"all agree":        {views(atB, atB, atB), ""},
		"no leader on one": {views(atB, "", atB), "b: no leader"},
		"one is silent": {altered(views(atB, atB, atB), 2,
			func(v *View) { *v = View{Node: "c", Err: errors.New("refused")} }), "c: refused"},
		"two leaders":           {views(atB, atB, atC), "two leaders: a says [fd00::2]:1; c says [fd00::3]:1"},
		"a leader that is gone": {views(gone, gone, gone), "a: its leader is [fd00::9]:1, an address no server has"},
		"a voter is missing":    {altered(views(atB, atB, atB), 0, func(v *View) { v.Voters = v.Voters[:2] }), "a: 2 voters of 3"},
		"a voter is gone": {
			altered(views(atB, atB, atB), 0, func(v *View) { v.Voters[0] = gone }),
			"a: its voter [fd00::9]:1 is an address no server has",
		},
		"one votes twice": {
			altered(views(atB, atB, atB), 0, func(v *View) { v.Voters[0] = "10.0.0.2:1" }),
			"a: only 2 servers vote",
		},
		"the leader is no voter": {
			altered(views(atB, atB, atB), 0, func(v *View) { v.Voters[1] = atA }),
			"a: its leader [fd00::2]:1 is no voter",
		},
		"an address that is none": {views("x", "x", "x"), "a: its leader is x"},
		"nobody to ask":           {nil, "no server to ask"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { labtest.Expect(t, Agreement(c.views, members), c.wants) })
	}
}

// Goal: the leader is one that a majority follows and that knows it, at a present address.
// Method: cases with a dead, an isolated and a moved leader.
func TestLeader(t *testing.T) {
	dead := func(all []View, i int) []View {
		return altered(all, i, func(v *View) { *v = View{Node: v.Node, Err: errors.New("refused")} })
	}
	cases := map[string]struct {
		views  []View
		leader string
		wants  string // part of the error
	}{
		"all agree":                    {views(atB, atB, atB), "b", ""},
		"a follower is dead":           {dead(views(atB, atB, atB), 0), "b", ""},
		"a follower has not heard yet": {views("", atB, atB), "b", ""},
		"the leader is dead":           {dead(views(atB, atB, atB), 1), "", "a: b leads; b: refused; c: b leads"},
		"an isolated leader":           {views(atB, atB, atC), "b", ""},
		"only the leader believes it":  {views("", atB, ""), "", "a: no leader; b: b leads; c: no leader"},
		"the leader's address is gone": {views(gone, gone, gone), "", "a: its leader is [fd00::9]:1, an address no server has"},
		"nobody":                       {views("", "", ""), "", "a: no leader; b: no leader; c: no leader"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			leader, err := Leader(c.views, members)
			if leader != c.leader {
				t.Errorf("the leader is %q, want %q", leader, c.leader)
			}
			labtest.Expect(t, err, c.wants)
		})
	}
}
