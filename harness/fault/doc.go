// Package fault holds the faults that know no product: what happens to machines and networks, and
// what people do to them.
// Each is plain data with a one-line description, one file each. Scenarios import it; it imports
// package harness only.
//
//	err := drill.Inject(ctx, fault.Renumbering{Into: netip.MustParsePrefix("fd00:d2::/64")})
//	err := drill.Inject(ctx, fault.PowerLoss{Node: "nomad-2"})
//	err := drill.Inject(ctx, fault.ProcessPause{Node: "gulp", Process: "ospfd"})
//	err := drill.Inject(ctx, fault.Partition{Node: "nomad-1", From: []string{"nomad-2"}, OneWay: true})
//	err := drill.Inject(ctx, fault.BadResolvConf{Node: "blog-1", Content: "nameserver 192.0.2.1\n"})
//	err := drill.Inject(ctx, fault.Maintenance{Runbook: upgrade}) // planned work as the cause
//	err := drill.Inject(ctx, fault.NoFault{})                     // the control arm
//
// # Killed, or without power
//
// [NodeLoss] kills every process of a machine: its kernel lives on and says goodbye for them, so
// that peers get a reset at once. [PowerLoss] takes the links down first: peers see silence, and
// learn of the loss by their own timeouts only. In both the page cache survives, because the
// kernel is the host's: neither shows what a database loses that does not sync its writes. What a
// reboot loses besides is lost when the machine is powered on: see agent.Client.PowerOn.
package fault
