// Package fault holds the faults that know no product: what happens to machines and networks, and
// what people do to them. Each is plain data with a one-line description.
//
//	err := drill.Inject(ctx, fault.Renumbering{Into: netip.MustParsePrefix("fd00:d2::/64")})
//	err := drill.Inject(ctx, fault.PowerLoss{Node: "nomad-2"})
//	err := drill.Inject(ctx, fault.ProcessPause{Node: "gulp", Process: "ospfd"})
//	err := drill.Inject(ctx, fault.Partition{Node: "nomad-1", From: []string{"nomad-2"}, OneWay: true})
//	err := drill.Inject(ctx, fault.BadResolvConf{Node: "blog-1", Content: "nameserver 192.0.2.1\n"})
//	err := drill.Inject(ctx, fault.ReadOnlyRoot{Node: "web-1"})
//	err := drill.Inject(ctx, fault.Maintenance{Runbook: upgrade}) // planned work as the cause
//	err := drill.Inject(ctx, fault.NoFault{})                     // the control arm
//
// # Killed, or without power
//
// [NodeLoss] kills every process of a machine: its kernel lives on and closes their connections, so
// that peers get a reset at once. [PowerLoss] takes the links down first: peers see silence, and
// learn of the loss by their own timeouts only. In both the page cache survives, because the
// kernel is the host's: neither shows what a database loses that does not sync its writes. The exception are
// disks of the node's own (harness.System.SystemDisk, harness.Disk): their file systems stop where they are, and
// what was not written to them is lost. What a reboot loses besides is lost when the machine is powered on: see
// agent.Client.PowerOn.
//
// # Disks that fail
//
// [ReadOnlyRoot], [DiskFull] and [DiskErrors] befall a system disk of the node's own, never the disk of the
// machine that the lab runs on. They are the kernel's real conditions, and proved by a write that fails: on
// some kernels the list of mounts goes on saying rw. What the kernel has given up it takes up again only after the
// disk has been checked and mounted anew, which takes the power button or [harness.Operator].Reinstall.
package fault
