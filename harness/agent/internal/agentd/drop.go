//go:build linux

package agentd

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
)

// dropTable begins the names of the tables that faults drop packets by: what the network does to a node, and
// not a part of its system.
const dropTable = ownTables + "drop-"

// dropChain is the only chain of such a table.
const dropChain = "received"

// Where the addresses of packets begin, in bytes.
const (
	sourceOfIPv4 = 12
	sourceOfIPv6 = 8
)

// readyDrop makes the rules, one for each sender, in a table of their own: one transaction puts them all in
// force, and one takes them away. They come before all others and before raw sockets, by which routing
// daemons listen.
func readyDrop(drop harness.Drop) (func(context.Context) (func(context.Context) error, error), error) {
	if len(drop.From) == 0 {
		return nil, errors.New("nobody is named whose packets are to be dropped")
	}
	for _, from := range drop.From {
		if !from.IsValid() {
			return nil, errors.New("one of those whose packets are to be dropped has no address")
		}
	}
	table := tableOf(drop)
	undo := func(context.Context) error { return removeDrop(table) }
	switch {
	case drop.Lift && drop.Verify:
		return nil, errors.New("it is either lifted or verified")
	case drop.Verify:
		return func(context.Context) (func(context.Context) error, error) { return nil, verifyDrop(table, drop) }, nil
	case drop.Lift:
		return func(ctx context.Context) (func(context.Context) error, error) { return nil, undo(ctx) }, nil
	}
	return func(context.Context) (func(context.Context) error, error) { return undo, addDrop(table, drop) }, nil
}

// tableOf names the table after what is dropped, so that who lifts it finds it.
func tableOf(drop harness.Drop) *nftables.Table {
	name := fnv.New64a()
	fmt.Fprint(name, drop.Protocol, drop.From) // a hash never fails
	return &nftables.Table{Family: nftables.TableFamilyINet, Name: fmt.Sprintf("%s%x", dropTable, name.Sum64())}
}

func addDrop(table *nftables.Table, drop harness.Drop) error {
	connection, err := nftables.New()
	if err != nil {
		return err
	}
	connection.AddTable(table)
	chain := connection.AddChain(&nftables.Chain{
		Table: table, Name: dropChain, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookPrerouting, Priority: nftables.ChainPriorityRaw,
	})
	for _, from := range drop.From {
		connection.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: dropRule(from.Unmap(), drop.Protocol)})
	}
	if err := connection.Flush(); err != nil {
		return fmt.Errorf("add the rules: %w", err)
	}
	return nil
}

// dropRule drops what comes from an address: of its family, from it, and of the protocol if one is given.
func dropRule(from netip.Addr, protocol uint8) []expr.Any {
	family, offset := byte(unix.NFPROTO_IPV6), uint32(sourceOfIPv6)
	if from.Is4() {
		family, offset = unix.NFPROTO_IPV4, sourceOfIPv4
	}
	raw := from.AsSlice()
	rule := []expr.Any{
		&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{family}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: uint32(len(raw))},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: raw},
	}
	if protocol != 0 {
		rule = append(rule,
			&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
			&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{protocol}},
		)
	}
	return append(rule, &expr.Counter{}, &expr.Verdict{Kind: expr.VerdictDrop})
}

// verifyDrop returns nil when the rules are in force: somebody with the rights of the node may have flushed them.
func verifyDrop(table *nftables.Table, drop harness.Drop) error {
	connection, err := nftables.New()
	if err != nil {
		return err
	}
	rules, err := connection.GetRules(table, &nftables.Chain{Table: table, Name: dropChain})
	switch {
	case errors.Is(err, unix.ENOENT), err == nil && len(rules) < len(drop.From):
		return fmt.Errorf("%d of its %d rules are in force: somebody has removed the others from the node's firewall", len(rules),
			len(drop.From))
	case err != nil:
		return fmt.Errorf("list the rules: %w", err)
	}
	return nil
}

// removeDrop removes a table; one that is gone already is no error.
func removeDrop(table *nftables.Table) error {
	connection, err := nftables.New()
	if err != nil {
		return err
	}
	connection.DelTable(table)
	if err := connection.Flush(); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("remove the rules: %w", err)
	}
	return nil
}
