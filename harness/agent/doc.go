// Package agent drives the helper inside a node: it is the client of the static binary
// harness/agent/cmd/reprise-agent, and says how that binary's containers are to be made. It is for
// who makes labs: harness/lab and what is below it. See harness/adr/0003-node-as-a-pod.md.
//
//	node, err := agent.Connect(ctx, "nomad-1", stream) // the attached stdio of the agent's container
//	if err != nil {
//		return err
//	}
//	defer node.End(context.WithoutCancel(ctx))
//	err = node.Configure(ctx, agent.Configuration{})
//	err = node.WaitSystem(ctx)
//	err = node.Start(ctx)
//	prepared, err := node.Prepare(ctx, []harness.Action{{Link: &harness.Link{Up: false}}})
//	stamps, err := node.Fire(ctx, prepared, 0)
//
// # What an agent may do
//
// Of the engine's capabilities the agent's container needs these and drops all others:
//
//   - NET_ADMIN: addresses, links and routes of the node, and the rules for packets that a reboot loses.
//   - NET_RAW: counting the packets that leave the lab, and asking with ICMP echo requests.
//   - KILL: signals to processes of other users than root.
//
// It enters no namespace and traces no process, so SYS_ADMIN and SYS_PTRACE are not needed, nor is
// an exception from the engine's seccomp profile. Where AppArmor is in force, a profile confines
// signals to processes of the same profile: give the agent "apparmor=unconfined" if its system has that.
//
// The supervisor has what the system's container has, which is what [harness.Topology.CapabilitiesOf] says. To open cgroups
// ([harness.System.Cgroups]) it needs "apparmor=unconfined" too, because the default profile forbids mount.
package agent
