package fault

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
)

// AddressChange gives one node another IPv6 address in the prefix it is in, as when a machine is
// replaced or a lease runs out. The others can reach it there.
type AddressChange struct {
	Node string
	To   netip.Addr
}

// Describe says who moves where.
func (a AddressChange) Describe() string {
	return fmt.Sprintf("change of the address of %s to %s", a.Node, a.To)
}

// Inject moves the node.
func (a AddressChange) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	now, err := lab.Addresses(a.Node)
	if err != nil {
		return nil, fmt.Errorf("plan the %s: %w", a.Describe(), err)
	}
	for _, network := range lab.Topology().Networks {
		if network.IPv6.Contains(now.IPv6) && network.IPv6.Contains(a.To) && now.IPv6 != a.To {
			bits := network.IPv6.Bits()
			return inject(ctx, lab, []move{{
				node: a.Node, from: []netip.Prefix{netip.PrefixFrom(now.IPv6, bits)}, to: []netip.Prefix{netip.PrefixFrom(a.To, bits)},
			}})
		}
	}
	return nil, fmt.Errorf("plan the %s: no network of the topology has both it and the present %s", a.Describe(), now.IPv6)
}
