package ganeti

import (
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
)

// UnreachableRoute tells a node's kernel that nobody has an address, which it would find out by itself: three seconds for every
// connection that somebody tries. It is for what is prepared in peace, where nobody measures how long that takes.
// [RemoveUnreachableRoute] takes it back.
func UnreachableRoute(node string, address netip.Addr) harness.Runbook {
	return order("tell "+node+" that nobody has "+address.String(), node, "ip", "route", "add", "unreachable", address.String())
}

// RemoveUnreachableRoute has the node's kernel look for the address again.
func RemoveUnreachableRoute(node string, address netip.Addr) harness.Runbook {
	return order("have "+node+" look for "+address.String()+" again", node, "ip", "route", "delete", "unreachable", address.String())
}
