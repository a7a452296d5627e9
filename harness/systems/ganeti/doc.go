// Package ganeti drives clusters of virtual machines that Ganeti manages. It was written against Ganeti 3.0.
//
// A [Cluster] names what the probes, faults and runbooks are about:
//
//	took, err := runbook.Run(ctx, lab, ganeti.CreateCluster{Cluster: cluster})      // in peace, as an operator would
//	snapshot, err := ganeti.TakeSnapshot(ctx, lab, cluster)                  // for [Restore] on new nodes
//	steady := harness.All(ganeti.Serves(wiki), ganeti.Manageable(cluster), ganeti.OneMaster(cluster))
//	err = drill.Watch(ctx, cluster.Holders()...)                             // who has the cluster's address
//	err = drill.Baseline(ctx, steady)
//	...
//	err = drill.Repair(ctx, ganeti.MasterFailoverWithoutVote("node2"), ganeti.AllowNoVoting("node2"))
//	masters, err := ganeti.CountMasters(cluster, drill.Record())             // seconds with none, one and two
//
// # By whose word
//
// Who is master is asked in three ways that need not agree. Every node keeps the name of the master that it was told
// last ([Agreed]); every node's kernel says whether it answers to the cluster's address ([probe.Holds], [OneMaster]); and
// the daemons behind that address take orders, or do not ([Manageable]).
package ganeti
