package ganeti

import (
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
)

// UnreachableRoute tells a node's kernel that nobody has an address, which it would find out by itself: three seconds for every
// connection that somebody tries. It is for what is prepared in peace, where nobody measures how long that takes.
type UnreachableRoute struct {
	Node    string
	Address netip.Addr
	Over    bool // take it back
}

// Name says what the kernel is told.
func (u UnreachableRoute) Name() string {
	if u.Over {
		return "have " + u.Node + " look for " + u.Address.String() + " again"
	}
	return "tell " + u.Node + " that nobody has " + u.Address.String()
}

// Steps tell it.
func (u UnreachableRoute) Steps() []harness.Step {
	verb := "add"
	if u.Over {
		verb = "delete"
	}
	return order(u.Name(), u.Node, "ip", "route", verb, "unreachable", u.Address.String())
}
