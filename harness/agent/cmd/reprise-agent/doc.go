//go:build linux

// Command reprise-agent is everything of the harness that runs inside a node. It is one static
// program, so that it runs in any image.
//
//	reprise-agent agent                                    first process of the agent's container; speaks on stdin and stdout
//	reprise-agent supervise [--cgroups] [--containers] [--restart 5s] -- command [arg]
//	                                                       entrypoint of the system's container
//	reprise-agent trial [--disks] FOLDER                   tries what a node needs that runs containers of its own, or has disks
//	reprise-agent trial --bridge-sender|--bridge-receiver  tries, in two containers of a network, which packets that lets pass
//	reprise-agent canary [--listen [::]:8080]              a web service for jobs to run
//	reprise-agent cuts [--control [::]:9000]               services with outages of known lengths, to calibrate the observer with
//	reprise-agent ask [--every 20ms] [--for 1s] KIND@ADDRESS
//	                                                       what the same questions cost a program that does nothing else
//
// Nobody starts it by hand; harness/agent says how it is started and speaks to it.
package main
