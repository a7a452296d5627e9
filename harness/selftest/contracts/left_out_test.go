package contracts

// Why parts run on no lab here.
const (
	kubernetes = "its cluster runs containers in containers, which not every engine can, and comes up more slowly than all else here"
	guests     = "its machines are virtual ones in software on most engines: they take longer to boot than all else here"
	noSmoke    = "no smoke drill has its topology, so that its images would be built for it alone"
	list       = "it is a list of parts that run by themselves"
)

// leftOut are the parts that run through their contract on no lab here, each with the reason.
func leftOut() map[string]string {
	reasons := map[string]string{"vrrp.Site.Watched": list, "vrrp.Site.Works": list}
	for reason, parts := range map[string][]string{
		kubernetes: {
			"k3s.Cluster.Answers", "k3s.Cluster.Available", "k3s.Cluster.ConfigMaps", "k3s.Cluster.EtcdVoters", "k3s.Cluster.NodeReady",
			"k3s.Cluster.NodesReady", "k3s.Cluster.PodsReady", "k3s.Cluster.RecreatePods", "k3s.ClusterReset", "k3s.CorruptDatastore",
			"k3s.Rejoin", "k3s.Resolves", "k3s.ServiceAnswers",
		},
		guests: {
			"drbd.DiskLost", "drbd.LinkOutage", "drbd.OnePrimary", "drbd.Pair.DiscardStaleSide", "drbd.Pair.InSync",
			"drbd.Pair.Primaries", "drbd.PowerOn", "drbd.Promote", "drbd.RecreateDisk", "drbd.RemoveJob", "drbd.Rows", "drbd.Serves",
			"drbd.SplitBrain",
		},
		noSmoke: {
			"openfga.Comments", "openfga.Served", "pocketbase.Posts", "pocketbase.Served",
			"ganeti.Agreed", "ganeti.AllowNoVoting", "ganeti.AwaitMasterdExit", "ganeti.Booted", "ganeti.Cluster.Holders",
			"ganeti.Cluster.StepDown", "ganeti.CreateCluster", "ganeti.DaemonByName", "ganeti.InstanceDeath", "ganeti.Manageable",
			"ganeti.ManageableByName", "ganeti.MasterFailover", "ganeti.MasterFailoverWithoutVote", "ganeti.MoveSSH",
			"ganeti.NodeDaemon", "ganeti.NodeMoved", "ganeti.OneCommander", "ganeti.OneMaster", "ganeti.Reinstall",
			"ganeti.RemoveUnreachableRoute", "ganeti.RequireVoting", "ganeti.Restart", "ganeti.Restore", "ganeti.Retry",
			"ganeti.RunsOn", "ganeti.SecondaryDaemon", "ganeti.Serves", "ganeti.ServesAtOnce", "ganeti.ServesPatient",
			"ganeti.Session.ActivateDisks", "ganeti.Session.Drain", "ganeti.Session.Failover", "ganeti.Session.Join",
			"ganeti.Session.Migrate", "ganeti.Session.MoveTo", "ganeti.Session.NodeAddress", "ganeti.Session.NodeFailover",
			"ganeti.Session.Offline", "ganeti.Session.Readd", "ganeti.Session.ReplaceDisks", "ganeti.Session.ReplaceSecondaryDisks",
			"ganeti.Session.SSHPort", "ganeti.Session.SecondaryAddress", "ganeti.Session.Shutdown", "ganeti.Session.StartInstances",
			"ganeti.SwitchOn", "ganeti.UnreachableRoute", "ganeti.Watch",
		},
	} {
		for _, part := range parts {
			reasons[part] = reason
		}
	}
	return reasons
}
