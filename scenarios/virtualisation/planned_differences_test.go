package virtualisation

import (
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
)

// differences are what every move of an instance or of the master leaves different, on any node.
func differences() []drift.Planned {
	const (
		moves   = "instances, and the cluster's address, are where Ganeti has last put them"
		daemons = "a master runs more daemons than the others, and some come and go with jobs and instances"
	)
	return []drift.Planned{
		{Kind: harness.KindAddress, Key: "eth0**", Because: moves},
		{Kind: harness.KindSocket, Key: "tcp 10.203.1.*:8080", Because: moves},
		{Kind: harness.KindProcess, Key: "**ganeti**", Because: daemons},
		{Kind: harness.KindProcess, Key: "root sshd: **", Because: "the master's connections end when they are idle"},
		{Kind: harness.KindSocket, Key: "tcp 0.0.0.0:*", Because: daemons},
		{Kind: harness.KindSocket, Key: "udp 0.0.0.0:*", Because: daemons},
		{Kind: harness.KindFile, Key: "/etc/default/ganeti", Because: "the two lines come and go with those who need them"},
		{
			Kind: harness.KindFile, Key: "/etc/ssh/ssh_host_*.backup-*",
			Because: "a node that is added again has the cluster's host keys put over its own, which Ganeti keeps",
		},
		{Kind: harness.KindFile, Key: "/etc/hosts", Because: "it is where an address that has changed is changed"},
	}
}
