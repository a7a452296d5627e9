package raft

import (
	"errors"
	"fmt"
	"strings"
)

// Agreement holds when every server answers, all name the same leader, the leader is a present
// member, and every server counts exactly the present members as voters. Its error says which
// server says what.
func Agreement(views []View, members Members) error {
	if len(views) == 0 {
		return errors.New("there is no server to ask")
	}
	var complaints []string
	for _, view := range views {
		if complaint := complain(view, len(views), members); complaint != "" {
			complaints = append(complaints, view.Node+": "+complaint)
		}
	}
	if len(complaints) > 0 {
		return errors.New(strings.Join(complaints, "; "))
	}
	for _, view := range views[1:] {
		if view.Leader != views[0].Leader {
			return fmt.Errorf("two leaders: %s says %s; %s says %s", views[0].Node, views[0].Leader, view.Node, view.Leader)
		}
	}
	return nil
}

// complain says what is wrong with one server's view, or "".
func complain(view View, servers int, members Members) string {
	switch {
	case view.Err != nil:
		return view.Err.Error()
	case view.Leader == "":
		return "no leader"
	case members.At(view.Leader) == "":
		return fmt.Sprintf("its leader is %s, an address no server has", view.Leader)
	case len(view.Voters) != servers:
		return fmt.Sprintf("%d voters of %d (%s)", len(view.Voters), servers, strings.Join(view.Voters, " "))
	}
	voting := map[string]bool{}
	for _, voter := range view.Voters {
		name := members.At(voter)
		if name == "" {
			return fmt.Sprintf("its voter %s is an address no server has", voter)
		}
		voting[name] = true
	}
	if !voting[members.At(view.Leader)] {
		return fmt.Sprintf("its leader %s is no voter", view.Leader)
	}
	if len(voting) != servers {
		return fmt.Sprintf("only %d servers vote (%s)", len(voting), strings.Join(view.Voters, " "))
	}
	return ""
}

// Leader names the node that leads: a majority of the servers name it, and it says so itself. That
// leaves out a dead leader its followers still believe in, and one that has lost its followers and
// does not know it yet.
func Leader(views []View, members Members) (string, error) {
	supporters := map[string]int{}
	itself := map[string]bool{}
	var said []string
	for _, view := range views {
		leader := members.At(view.Leader)
		switch {
		case view.Err != nil:
			said = append(said, view.Node+": "+view.Err.Error())
		case view.Leader == "":
			said = append(said, view.Node+": no leader")
		case leader == "":
			said = append(said, fmt.Sprintf("%s: its leader is %s, an address no server has", view.Node, view.Leader))
		default:
			said = append(said, view.Node+": "+leader+" leads")
			supporters[leader]++
			itself[leader] = itself[leader] || leader == view.Node
		}
	}
	for leader, support := range supporters {
		if itself[leader] && support > len(views)/2 {
			return leader, nil
		}
	}
	return "", errors.New(strings.Join(said, "; "))
}
