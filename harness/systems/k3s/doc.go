// Package k3s drives a k3s cluster in a drill: what its clients and operators can ask of Kubernetes, the
// procedures that bring it back, and how long Kubernetes itself says that it will take.
//
// It was written against k3s 1.34. Servers are the nodes of role [ServerRole] unless a [Cluster] names others; their
// API is reached through each server's loopback with the kubeconfig that k3s writes there, as an operator who is
// logged in does. A node's name is its name in Kubernetes too.
//
//	cluster := k3s.Cluster{}                                  // or Cluster{Servers: []string{"blog-1"}}
//	steady := harness.All(cluster.NodesReady(3), cluster.Available("web", "canary"),
//		k3s.ServiceAnswers("the canary answers", "agent-1", 30080, "", "/"))
//	err := cluster.Apply(ctx, lab, manifest)                  // something to lose
//	err = cluster.WaitReady(ctx, lab, cluster.PodsReady("web", "app=canary"))
//	node, err := cluster.PodNode(ctx, lab, "web", "app=canary")
//	predicted, err := cluster.PredictReschedule(ctx, lab, "web", "app=canary")
//	recording, err := cluster.Record(ctx, lab, "web", "app=canary")
//	err = drill.Inject(ctx, fault.PowerLoss{Node: node})      // ... and after the recovery:
//	drill.Observe("rescheduling", node, predicted.Compare(recording.Timeline(node, t0)))
//	err = drill.Repair(ctx, k3s.ClusterReset{Survivor: "server-1"}) // two of three servers lost
//
// # What Ready means
//
// The probes of nodes, pods and Deployments repeat Kubernetes' word, which is as old as its sources are. A
// kubelet renews its node's lease every 10 s; the controller manager calls a node NotReady when it has not
// seen that for the node-monitor-grace-period (50 s unless set otherwise), and only then its pods. A node
// that has just died therefore counts as Ready, with every pod on it, for 40 to 60 s. That is no flaw of the
// probe but what a drill measures: what clients see in the meantime is [ServiceAnswers]' business.
//
// In one case the probes know better. When a machine comes back, its API server repeats what it was told
// before the machine went down: the node is Ready, its pods run. A node therefore counts as Ready only if its
// kubelet has renewed its lease since the node's main process started. The two times are read from the
// clocks of the node and of the harness. k3s needs some seconds to come up: by so much they may disagree.
//
// The API is asked for what a majority of the datastore agrees on: without a quorum no claim holds.
package k3s
