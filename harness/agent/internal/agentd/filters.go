//go:build linux

package agentd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
)

// flushFilters removes every rule for packets, whichever program has set it: nftables (which the
// iptables of today uses), the legacy iptables, the sets that rules look into, and what the kernel
// remembers of connections. The engine's own rules go too: they serve its name server, which nobody in
// a lab asks. A kernel that lacks one of these has nothing of it to remove.
func flushFilters(ctx context.Context) error {
	if err := flushNftables(); err != nil {
		return fmt.Errorf("flush nftables: %w", err)
	}
	if err := flushIptables(); err != nil {
		return fmt.Errorf("flush iptables: %w", err)
	}
	if err := waitForSets.Until(ctx, func(context.Context) error { return destroySets() }); err != nil {
		return err
	}
	if err := flushConnections(); err != nil {
		return fmt.Errorf("flush the tracked connections: %w", err)
	}
	return nil
}

// flushNftables leaves the agent's own tables: those stand for the network around the node.
func flushNftables() error {
	connection, err := nftables.New()
	if err != nil {
		return err
	}
	tables, err := connection.ListTables()
	if err != nil {
		if lacks(err) {
			return nil
		}
		return err
	}
	for _, table := range tables {
		if !isOwn(table) {
			connection.DelTable(table)
		}
	}
	if err := connection.Flush(); !lacks(err) {
		return err
	}
	return nil
}

// waitForSets allows for the kernel, which takes rules out at once and forgets them later: until then
// their sets are in use.
var waitForSets = harness.Wait{For: "the sets of addresses to be free", Interval: 5 * time.Millisecond, Limit: 2 * time.Second}

// destroySets destroys all ipsets. Without a name each of the two commands means all of them; sets of
// sets let go of the others when they are emptied.
func destroySets() error {
	for _, command := range []int{nl.IPSET_CMD_FLUSH, nl.IPSET_CMD_DESTROY} {
		request := nl.NewNetlinkRequest(command|unix.NFNL_SUBSYS_IPSET<<8, unix.NLM_F_ACK)
		request.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_INET, Version: nl.NFNETLINK_V0})
		request.AddData(nl.NewRtAttr(nl.IPSET_ATTR_PROTOCOL, nl.Uint8Attr(nl.IPSET_PROTOCOL)))
		if _, err := request.Execute(unix.NETLINK_NETFILTER, 0); err != nil && !lacksSubsystem(err) {
			return fmt.Errorf("destroy the sets of addresses: %w", err)
		}
	}
	return nil
}

func flushConnections() error {
	if err := netlink.ConntrackTableFlush(netlink.ConntrackTable); !lacksSubsystem(err) {
		return err
	}
	return nil
}

// lacks tells whether an error says that the kernel has no such thing.
func lacks(err error) bool {
	return errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.EAFNOSUPPORT)
}

// lacksSubsystem is lacks for a part of netfilter that is addressed by its number, of which an unknown
// one counts as invalid.
func lacksSubsystem(err error) bool { return lacks(err) || errors.Is(err, unix.EINVAL) }
