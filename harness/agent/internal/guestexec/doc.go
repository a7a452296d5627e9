// Package guestexec is the way into a machine that runs within a node, such as a virtual machine: its administrator's
// console, by which commands are run in there with their exact exit code and output. One end is a program in the
// machine, the other one a program in the node's container that is put in front of a command.
//
// Every command has a connection of its own, over the machine's own small network to the container: it is not cut when the node
// is cut off from the lab. Only the program reprise-console imports it.
//
//	err := guestexec.Serve(ctx, listener)                                       // within the machine
//	code, err := guestexec.Client{At: "127.0.0.1:5514"}.Run(ctx, subprocess.Command{Argv: argv}) // next to it
package guestexec
