package ganeti

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/systems/role"
)

const (
	testHosts = "127.0.0.1 localhost\n::1 ip6-localhost\n10.203.1.5 cluster.virt.example\n" +
		"10.203.1.11 node1.virt.example node1\n10.203.1.12 node2.virt.example node2\n" +
		"10.203.1.51 wiki1.virt.example\n10.203.1.52 wiki2.virt.example\n10.203.1.53 wiki3.virt.example\n"
	testDefaults = "NODED_ARGS=\"\"\nWCONFD_ARGS=\"\"\nLUXID_ARGS=\"\"\nKVMD_ARGS=\"\"\n"
)

// TestMain spares the tests the second in which a real master takes the cluster's address: in memory it is told to, or does not.
func TestMain(m *testing.M) {
	waitForAddress.Limit = 10 * time.Millisecond
	os.Exit(m.Run())
}

// aPassword is that of who asks by RAPI.
var aPassword = harness.Secret{Name: role.GanetiPassword, Value: "asked-by-rapi"}

// aTopology is two nodes that can resolve names.
func aTopology() harness.Topology {
	topology := harness.Topology{Name: "pair"}
	for i, name := range []string{"node1", "node2"} {
		topology.Nodes = append(topology.Nodes, harness.Node{
			Name: name, Role: Role, IPv4: netip.AddrFrom4([4]byte{10, 203, 1, byte(11 + i)}),
			System: harness.System{Command: []string{"hypervisor"}, Secrets: []harness.Secret{aPassword}, Files: []harness.File{
				{Path: hostsFile, Data: []byte(testHosts)},
				{Path: defaultsFile, Data: []byte(testDefaults)},
				{Path: masterFile, Data: []byte("node1.virt.example\n")},
				{Path: "/root/.ssh/id_rsa.pub", Data: []byte("key of " + name)},
			}},
		})
	}
	return topology
}

func aCluster(t *testing.T) Cluster {
	t.Helper()
	cluster, err := ClusterOf(aTopology())
	testkit.Must(t, err)
	return cluster
}

// hypervisors are machines in memory that carry out whatever they are told, and note it.
type hypervisors struct {
	*labtest.Lab
	mu       sync.Mutex
	commands []string
}

func (h *hypervisors) Exec(_ context.Context, node string, argv ...string) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.commands = append(h.commands, node+": "+strings.Join(argv, " "))
	return nil, nil
}

// StartCheck answers that node1 has the cluster's address once it was told to take it, and that nobody has any other.
func (h *hypervisors) StartCheck(
	_ context.Context, from string, check harness.Check, _ harness.Schedule, samples func([]harness.Sample),
) (harness.CheckStream, error) {
	sample := harness.Sample{Due: time.Now(), Asked: time.Now(), Seen: time.Now()}
	has := from == "node1" && check.Address != nil && check.Address.Has.String() == "10.203.1.5"
	if !has || !slices.Contains(h.commands, "node1: gnt-cluster activate-master-ip") {
		sample.Err = errors.New("no")
	}
	samples([]harness.Sample{sample})
	return nil, nil
}

func inMemory(t *testing.T) *hypervisors {
	t.Helper()
	machines := labtest.New(aTopology())
	t.Cleanup(machines.Close)
	return &hypervisors{Lab: machines}
}

// Goal: a cluster is read out of a topology, with its instances on its nodes in turn, and one without a name or a node
// is refused. Method: a topology by hand, then without each.
func TestClusterOf(t *testing.T) {
	cluster := aCluster(t)
	if cluster.Name != "cluster.virt.example" || cluster.Address.String() != "10.203.1.5" ||
		!slices.Equal(cluster.Nodes, []string{"node1", "node2"}) {
		t.Errorf("the cluster is %+v", cluster)
	}
	var created []string
	for _, instance := range cluster.Instances {
		created = append(created, instance.Name+" on "+instance.Node)
	}
	if want := []string{
		"wiki1.virt.example on node1", "wiki2.virt.example on node2",
		"wiki3.virt.example on node1",
	}; !slices.Equal(created, want) {
		t.Errorf("the instances are %q", created)
	}
	if full := cluster.Full("node2"); full != "node2.virt.example" {
		t.Errorf("node2 is %s in full", full)
	}
	nameless := aTopology()
	nameless.Nodes[0].System.Files[0].Data = []byte("127.0.0.1 localhost\n")
	_, err := ClusterOf(nameless)
	labtest.Expect(t, err, "does not name it")
	if cluster.Card != "eth0" || cluster.Secondary != nil {
		t.Errorf("nodes in one network have the cluster's address on %s, and the secondary addresses %v", cluster.Card,
			cluster.Secondary)
	}
	_, err = ClusterOf(harness.Topology{Name: "empty"})
	labtest.Expect(t, err, "has no node")
}

// aReplicatingCluster is the cluster of aTopology with secondary addresses in a network of their own.
func aReplicatingCluster(t *testing.T) Cluster {
	t.Helper()
	topology := aTopology()
	for i := range topology.Nodes {
		topology.Nodes[i].Interface = "lan0"
		topology.Nodes[i].Further = []harness.Attachment{{
			Network: "replication",
			IPv4:    netip.AddrFrom4([4]byte{10, 203, 2, byte(11 + i)}),
		}}
	}
	cluster, err := ClusterOf(topology)
	testkit.Must(t, err)
	return cluster
}

// Goal: nodes in two networks have secondary addresses in the second one, and the cluster's on the card of the first;
// Ganeti is told both. Method: found such a cluster on machines that note it.
func TestSecondaryAddresses(t *testing.T) {
	cluster, machines := aReplicatingCluster(t), inMemory(t)
	expectRuns(t, machines, CreateCluster{Cluster: cluster})
	journal := strings.Join(machines.commands, "\n")
	testkit.Contains(t, "the journal", journal,
		"--master-netdev=lan0", "--secondary-ip=10.203.2.11 cluster.virt.example",
		"gnt-node add --no-ssh-key-check --secondary-ip=10.203.2.12 node2.virt.example")
	if at, err := secondaryOf([]byte("node1.virt.example 10.203.2.11\nnode2.virt.example 10.203.2.12\n"),
		"node2.virt.example"); at != cluster.Secondary["node2"] || err != nil {
		t.Errorf("node2 is at %s: %v", at, err)
	}
	_, err := secondaryOf([]byte("node1.virt.example 10.203.2.11\n"), "node2.virt.example")
	labtest.Expect(t, err, "does not name node2.virt.example")
}

// Goal: the two lines come once, whatever was there, and go without a trace of them. Method: write and remove them
// twice each, in a file that says other things too.
func TestVoteless(t *testing.T) {
	machines := inMemory(t)
	for range 2 {
		expectRuns(t, machines, AllowNoVoting("node1"))
		text, _ := machines.ReadFile(t.Context(), "node1", defaultsFile)
		for _, line := range votelessLines {
			if strings.Count(string(text), line+"\n") != 1 || strings.Count(string(text), "_ARGS=") != 4 {
				t.Errorf("%s once, and three others:\n%s", line, text)
			}
		}
		if voteless, err := IsVoteless(t.Context(), machines, "node1"); !voteless || err != nil {
			t.Errorf("node1 is not: %v", err)
		}
	}
	for range 2 {
		expectRuns(t, machines, RequireVoting("node1"))
		if voteless, err := IsVoteless(t.Context(), machines, "node1"); voteless || err != nil {
			t.Errorf("node1 still is: %v", err)
		}
	}
	if text, _ := machines.ReadFile(t.Context(), "node1", defaultsFile); string(text) != "NODED_ARGS=\"\"\nKVMD_ARGS=\"\"\n" {
		t.Errorf("left:\n%s", text)
	}
}

func expectRuns(t *testing.T, machines harness.Operator, wanted harness.Runbook) {
	t.Helper()
	if _, err := runbook.Run(t.Context(), machines, wanted); err != nil {
		t.Error(err)
	}
}

// Goal: an address takes the place of another and of none that only looks like it; a file that does not name it is an
// error, for the runbook was meant for something else. Method: texts by hand.
func TestRenumbered(t *testing.T) {
	from, to := netip.MustParseAddr("10.203.1.1"), netip.MustParseAddr("10.203.1.201")
	got := renumbered([]byte(`"10.203.1.1":10.203.1.11 110.203.1.1 10.203.1.1.5 10.203.1.1`), from, to)
	if want := `"10.203.1.201":10.203.1.11 110.203.1.1 10.203.1.1.5 10.203.1.201`; string(got) != want {
		t.Errorf("got %s", got)
	}
	step := renumberFiles("edit", []string{"node1"}, from, to, hostsFile)
	labtest.Expect(t, step.Do(t.Context(), inMemory(t)), "does not name 10.203.1.1")
}

// Goal: nodes that name different masters are told, with what each says. Method: change what one says.
func TestAgreed(t *testing.T) {
	machines := inMemory(t)
	probe := Agreed("node1", "node2")
	labtest.Expect(t, probe.Check(t.Context(), machines), "")
	labtest.Expect(t, machines.WriteFile(t.Context(), "node2",
		harness.File{Path: masterFile, Data: []byte("node2.virt.example\n")}), "")
	labtest.Expect(t, probe.Check(t.Context(), machines), "node2:node2.virt.example")
	labtest.Expect(t, Agreed("node3").Check(t.Context(), machines), "ask node3 who is master")
}

// Goal: whether a node left the cluster's address alone is by its daemon's own word; no log is an error. Method: logs by hand.
func TestLeftAddress(t *testing.T) {
	machines := inMemory(t)
	labtest.Expect(t, LeftAddress(t.Context(), machines, "node1"), "read what the daemon of node1 says")
	labtest.Expect(t, machines.WriteFile(t.Context(), "node1", harness.File{Path: nodeLog, Data: []byte("start\n")}), "")
	labtest.Expect(t, LeftAddress(t.Context(), machines, "node1"), "does not say")
	said := "ERROR Failed to start the master IP. Script return value: 1, output: 'Error: master IP address configured on " +
		"another machine.'\n"
	labtest.Expect(t, machines.WriteFile(t.Context(), "node1", harness.File{Path: nodeLog, Data: []byte(said)}), "")
	labtest.Expect(t, LeftAddress(t.Context(), machines, "node1"), "")
}

// Goal: what the operator types is what Ganeti's manuals say, on the node that is meant. Method: carry every runbook
// out on machines that note it.
func TestCommands(t *testing.T) {
	cluster := aCluster(t)
	wiki := cluster.Instances[1]
	at, master := netip.MustParseAddr, cluster.On("node1")
	for want, runbook := range map[string]harness.Runbook{
		"node2: gnt-cluster master-failover":                                MasterFailover("node2"),
		"gnt-cluster master-failover --no-voting --yes-do-it":               MasterFailoverWithoutVote("node2"),
		"gnt-node modify --offline=yes node1.virt.example":                  cluster.On("node2").Offline("node1"),
		"gnt-node add --no-ssh-key-check --readd node2.virt.example":        master.Readd("node2"),
		"gnt-instance migrate -f -n node1.virt.example wiki2.virt.example":  master.Migrate(wiki, "node1"),
		"gnt-instance failover -f -n node1.virt.example wiki2.virt.example": master.Failover(wiki, "node1"),
		"gnt-node modify --drained=yes node2.virt.example":                  master.Drain("node2", "node1", wiki),
		"gnt-node failover -f --ignore-consistency node2.virt.example":      master.NodeFailover("node2"),
		"gnt-instance shutdown wiki2.virt.example":                          master.Shutdown(wiki),
		"gnt-instance start --force-multiple wiki2.virt.example":            master.StartInstances(wiki),
		"gnt-cluster rename -f cluster.virt.example":                        master.MoveTo(at("10.203.1.6")),
		"--node-parameters ssh_port=2222 cluster.virt.example":              CreateCluster{Cluster: cluster, SSHPort: 2222},
		"gnt-node modify --secondary-ip=10.203.2.32 node2.virt.example":     master.SecondaryAddress("node2", at("10.203.2.32")),
		"gnt-cluster activate-master-ip":                                    CreateCluster{Cluster: cluster},
		"node1: ip route delete unreachable 10.203.1.5":                     CreateCluster{Cluster: cluster},
		"node2: ip route add unreachable 10.203.1.11":                       UnreachableRoute("node2", at("10.203.1.11")),
		"gnt-instance batch-create /root/instances.json":                    CreateCluster{Cluster: cluster},
		"while :; do ganeti-watcher; sleep 5; done":                         Watch("node1", 5*time.Second),
	} {
		machines := inMemory(t)
		expectRuns(t, machines, runbook)
		if journal := strings.Join(machines.commands, "\n"); !strings.Contains(journal, want) {
			t.Errorf("%s: %q is not in\n%s", runbook.Name(), want, journal)
		}
	}
}

// Goal: a node's address is changed wherever a master keeps it, whether or not its nodes have other ones for their disks. Method:
// clusters of both kinds in memory, with the files that a master has.
func TestNodeAddress(t *testing.T) {
	from, to := netip.MustParseAddr("10.203.1.12"), netip.MustParseAddr("10.203.1.32")
	for secondary, cluster := range map[string]Cluster{from.String(): aCluster(t), "10.203.2.12": aReplicatingCluster(t)} {
		machines := inMemory(t)
		for path, text := range map[string]string{
			"/var/lib/ganeti/config.data":                  `"primary_ip":"10.203.1.12","secondary_ip":"` + secondary + `"`,
			"/var/lib/ganeti/ssconf_node_primary_ips":      "node2.virt.example 10.203.1.12\n",
			"/var/lib/ganeti/ssconf_master_candidates_ips": "10.203.1.12\n",
			secondaryFile: "node2.virt.example " + secondary + "\n",
		} {
			labtest.Expect(t, machines.WriteFile(t.Context(), "node1", harness.File{Path: path, Data: []byte(text)}), "")
		}
		expectRuns(t, machines, cluster.On("node1").NodeAddress("node2", from, to))
		for _, path := range append(cluster.addressFiles("node2"), secondaryFile) {
			text, err := machines.ReadFile(t.Context(), "node1", path)
			if labtest.Expect(t, err, ""); strings.Contains(string(text), from.String()) {
				t.Errorf("%s names the old address: %s", path, text)
			}
		}
	}
}

// Goal: seconds with none, one and two masters are counted from what every node's kernel says, and a record in which
// nobody asked is an error. Method: a record by hand.
func TestCountMasters(t *testing.T) {
	cluster := aCluster(t)
	interval := func(up bool, from, to time.Duration) harness.Interval {
		return harness.Interval{Up: up, From: from * time.Second, Seen: from * time.Second, To: to * time.Second}
	}
	record := harness.Record{
		Fault: &harness.RecordFault{At: 10 * time.Second}, WatchedUntil: 40 * time.Second,
		SLIs: []harness.RecordSLI{
			{
				Name:      "node1 has 10.203.1.5",
				Intervals: []harness.Interval{interval(true, 0, 12), interval(false, 12, 35), interval(true, 35, 40)},
			},
			{Name: "node2 has 10.203.1.5", Intervals: []harness.Interval{interval(false, 0, 20), interval(true, 20, 40)}},
		},
	}
	masters, err := CountMasters(cluster, record)
	if want := (Masters{None: 8 * time.Second, One: 17 * time.Second, More: 5 * time.Second}); err != nil ||
		!reflect.DeepEqual(masters, want) {
		t.Errorf("%v: %v", masters, err)
	}
	record.SLIs = record.SLIs[:1]
	_, err = CountMasters(cluster, record)
	labtest.Expect(t, err, "nobody watched")
}

// Goal: a cluster whose founding timed out half-way is founded all the same, with what is missing and no more. Method:
// a machine of which the first batch fails, and that lists one instance of three, then two running ones, then all.
func TestFoundTriesAgain(t *testing.T) {
	cluster := aCluster(t)
	slow := &slowHypervisors{hypervisors: inMemory(t), lists: []string{
		"wiki1.virt.example running\n", "wiki1.virt.example running\nwiki2.virt.example running\nwiki3.virt.example ADMIN_down\n",
		"wiki1.virt.example running\nwiki2.virt.example running\nwiki3.virt.example running\n",
	}}
	waitForFounding.Interval = time.Millisecond
	if _, err := runbook.Run(t.Context(), slow, CreateCluster{Cluster: cluster}); err != nil {
		t.Fatal(err)
	}
	if slow.batches != 2 || !slices.Contains(slow.commands, "node1: gnt-instance start --force-multiple wiki3.virt.example") {
		t.Errorf("%d batches, and the commands %q", slow.batches, slow.commands)
	}
	if batch, _ := slow.ReadFile(t.Context(), "node1", "/root/instances.json"); strings.Contains(string(batch), "wiki1") ||
		!strings.Contains(string(batch), "wiki2") {
		t.Errorf("the second batch is %s", batch)
	}
}

// slowHypervisors time out when they create instances for the first time, and list what they are told to.
type slowHypervisors struct {
	*hypervisors
	lists   []string
	batches int
}

func (s *slowHypervisors) Exec(ctx context.Context, node string, argv ...string) ([]byte, error) {
	switch {
	case slices.Contains(argv, "batch-create"):
		if s.batches++; s.batches == 1 {
			return nil, &harness.CommandError{Node: node, Argv: argv, ExitCode: 1, Output: "Error 28: SSL connection timeout"}
		}
	case slices.Contains(argv, "list"):
		list := s.lists[0]
		s.lists = s.lists[1:]
		return []byte(list), nil
	}
	return s.hypervisors.Exec(ctx, node, argv...)
}

// Goal: what a cluster's verification finds is told, but for the line that every container has. Method: its own words.
func TestComplaints(t *testing.T) {
	const said = "Submitted jobs 20, 21\n* Verifying node status\n" +
		"  - ERROR: node node1.virt.example: The procfs filesystem doesn't seem to be mounted under /proc, missing required " +
		"directory /proc/sys and the file /proc/sysrq-trigger\n" +
		"  - ERROR: node node1.virt.example: ssh communication with node 'node2.virt.example': ssh problem: ssh: connect to host " +
		"node2.virt.example port 2222: Connection refused\n" +
		"  - NOTICE: 1 node(s) with outdated configuration\n"
	found := complaints(said)
	if len(found) != 1 || !strings.Contains(found[0], "port 2222: Connection refused") {
		t.Errorf("found %q", found)
	}
}
