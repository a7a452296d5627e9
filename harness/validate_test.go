package harness

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a topology that a lab can be made of is accepted, and everything that cannot work is refused
// in one sentence that names what is wrong. Method: change one thing of a valid topology.
func TestTopologyValidate(t *testing.T) {
	testkit.Must(t, validTopology().Validate())
	for _, test := range []refusal[Topology]{
		{"refused options", func(t *Topology) {
			t.Refused, t.Name = "a store of 2 nodes cannot keep 3 copies", ""
		}, "a store of 2 nodes cannot keep 3 copies"},
		{"no name", func(t *Topology) { t.Name = "" }, "the topology has no name"},
		{"name with bad characters", func(t *Topology) {
			t.Name = "Nomad_Consul"
		}, `the topology is named "Nomad_Consul": a name has lower-case letters, digits and inner dashes only`},
		{"no network", func(t *Topology) { t.Networks = nil }, "topology fake has no network"},
		{"no node", func(t *Topology) { t.Nodes = nil }, "topology fake has no node"},
		{"network without a name", func(t *Topology) { t.Networks[0].Name = "" }, "a network has no name"},
		{"network without IPv6", func(t *Topology) { t.Networks[0].IPv6 = netip.Prefix{} }, "network lan needs an IPv6 prefix"},
		{"network with IPv4 for IPv6", func(t *Topology) { t.Networks[0].IPv6 = t.Networks[0].IPv4 }, `has "10.201.1.0/24"`},
		{"network with IPv6 for IPv4", func(t *Topology) {
			t.Networks[0].IPv4 = t.Networks[0].IPv6
		}, "network lan needs an IPv4 prefix"},
		{"address for a prefix", func(t *Topology) {
			t.Networks[0].IPv6 = netip.MustParsePrefix("fd00:d1::1/64")
		}, "fd00:d1::1/64 is an address in fd00:d1::/64, not a prefix"},
		{"prefix too small", func(t *Topology) {
			t.Networks[0].IPv4 = netip.MustParsePrefix("10.201.1.0/30")
		}, "prefix 10.201.1.0/30 of network lan is too small: 2 nodes, the gateway and the observer do not fit"},
		{"prefix without the observer's address", func(t *Topology) {
			t.Networks[0].IPv4 = netip.MustParsePrefix("10.201.1.0/26")
		}, "the observer's address 10.201.1.240 is not in it"},
		{"two networks of one name", func(t *Topology) {
			t.Networks = append(t.Networks, t.Networks[0])
		}, "two networks are named lan"},
		{"overlapping networks", func(t *Topology) {
			t.Networks = append(t.Networks, Network{"wan", netip.MustParsePrefix("fd00:d1::/48"), netip.MustParsePrefix("10.9.0.0/24")})
		}, "networks lan and wan overlap"},
		{"node with bad characters", func(t *Topology) { t.Nodes[1].Name = "nomad 2" }, `a node is named "nomad 2"`},
		{"node with a dash at the end", func(t *Topology) { t.Nodes[1].Name = "nomad-" }, `a node is named "nomad-"`},
		{"node with a long name", func(t *Topology) { t.Nodes[1].Name = strings.Repeat("n", 64) }, "at most 63"},
		{"duplicate node", func(t *Topology) { t.Nodes[1].Name = "nomad-1" }, "two nodes are named nomad-1"},
		{"reserved name", func(t *Topology) { t.Nodes[1].Name = "observer" }, "reserved"},
		{"duplicate IPv6", func(t *Topology) { t.Nodes[1].IPv6 = t.Nodes[0].IPv6 }, "nodes nomad-1 and nomad-2 both have fd00:d1::11"},
		{"duplicate IPv4", func(t *Topology) { t.Nodes[1].IPv4 = t.Nodes[0].IPv4 }, "nodes nomad-1 and nomad-2 both have 10.201.1.11"},
		{"no IPv4", func(t *Topology) { t.Nodes[1].IPv4 = netip.Addr{} }, "node nomad-2 has no IPv4 address"},
		{"outside", func(t *Topology) {
			t.Nodes[1].IPv6 = netip.MustParseAddr("fd00:d2::12")
		}, "fd00:d2::12, which is outside fd00:d1::/64 of network lan"},
		{"the gateway's", func(t *Topology) { t.Nodes[1].IPv6 = netip.MustParseAddr("fd00:d1::1") }, "the gateway's"},
		{"the observer's", func(t *Topology) { t.Nodes[1].IPv6 = netip.MustParseAddr("fd00:d1::f0") }, "the observer's"},
		{"the broadcast address", func(t *Topology) {
			t.Nodes[1].IPv4 = netip.MustParseAddr("10.201.1.255")
		}, "the broadcast address"},
		{"the network's own", func(t *Topology) { t.Nodes[1].IPv4 = netip.MustParseAddr("10.201.1.0") }, "the network's own"},
		{"unknown network", func(t *Topology) {
			t.Nodes[1].Network = "wan"
		}, `node nomad-2 is in the network "wan", which the topology does not have`},
		{"one network twice", func(t *Topology) {
			t.Nodes[1].Further = t.Nodes[0].Attachments()
		}, "node nomad-2 is in the network lan twice"},
		{"interface with a long name", func(t *Topology) {
			t.Nodes[1].Interface = "the-outer-network"
		}, `node nomad-2 has the interface "the-outer-network"`},
		{"interface named as the loopback", func(t *Topology) { t.Nodes[1].Interface = "lo" }, `node nomad-2 has the interface "lo"`},
		{"a way out", func(t *Topology) {
			t.Nodes[1].Routes = []Route{{netip.MustParsePrefix("0.0.0.0/0"), t.Nodes[0].IPv4}}
		}, `a route to "0.0.0.0/0", which is in no network of the topology: nothing may lead out of a lab`},
		{"route to where nobody is", func(t *Topology) {
			t.Nodes[1].Routes = []Route{{netip.MustParsePrefix("10.9.9.0/24"), t.Nodes[0].IPv4}}
		}, `a route to "10.9.9.0/24"`},
		{"route by way of a stranger", func(t *Topology) {
			t.Nodes[1].Routes = []Route{{t.Networks[0].IPv4, netip.MustParseAddr("10.9.9.1")}}
		}, "a route by way of 10.9.9.1, which is in no network of the node"},
		{"route by way of another family", func(t *Topology) {
			t.Nodes[1].Routes = []Route{{t.Networks[0].IPv4, t.Nodes[0].IPv6}}
		}, "they are not of one family"},
		{"outside in two networks", func(t *Topology) {
			t.Nodes[1].Outside, t.Nodes[1].Further = true, t.Nodes[0].Attachments()
			t.Nodes[1].Network = "wan"
			t.Networks = append(t.Networks, NewNetwork("wan", 7))
			t.Nodes[1].IPv6, t.Nodes[1].IPv4 = t.Networks[1].Host(22).IPv6, t.Networks[1].Host(22).IPv4
		}, "node nomad-2 is outside and in 2 networks: who is elsewhere on the internet is in one"},
		{"started after a stranger", func(t *Topology) {
			t.Nodes[1].After = []string{"nomad-9"}
		}, `node nomad-2 is started after "nomad-9", which the topology does not have`},
		{"started after itself", func(t *Topology) {
			t.Nodes[1].After = []string{"nomad-1", "nomad-2"}
		}, "node nomad-2 is started after itself: name the others that it needs"},
		{"started after each other", func(t *Topology) {
			t.Nodes[0].After, t.Nodes[1].After = []string{"nomad-2"}, []string{"nomad-1"}
		}, "node nomad-1 is started after nomad-2, which is started after nomad-1: none of them can be the first"},
		{"nothing to start after another", func(t *Topology) {
			t.Nodes[1].System, t.Nodes[1].After = System{}, []string{"nomad-1"}
		}, "node nomad-2 is started after nomad-1 and has no system to start"},
		{"disk without a name", func(t *Topology) { t.Disks = []Disk{{Size: MinimumDisk}} }, "a disk has no name"},
		{"disk with bad characters", func(t *Topology) {
			t.Disks = []Disk{{Name: "../sda", Size: MinimumDisk}}
		}, `a disk is named "../sda"`},
		{"duplicate disk", func(t *Topology) {
			t.Disks = []Disk{{Name: "a", Size: MinimumDisk}, {Name: "a", Size: MinimumDisk}}
		}, "two disks are named a"},
		{"small disk", func(t *Topology) {
			t.Disks = []Disk{{Name: "a", Size: 4096}}
		}, "disk a has 4096 bytes: it needs at least 1048576"},
		{"disk on no node", func(t *Topology) {
			t.Disks = []Disk{{Name: "a", Size: MinimumDisk, Node: "x"}}
		}, `disk a is attached to node "x", which topology fake does not have`},
		{"disk on a node that cannot mount", func(t *Topology) {
			t.Disks, t.Nodes[0].System.Capabilities = []Disk{{Name: "a", Size: MinimumDisk, Node: "nomad-1"}}, nil
		}, "disk a is attached to node nomad-1, whose system lacks the capability SYS_ADMIN"},
	} {
		topology := validTopology()
		test.change(&topology)
		test.check(t, topology)
	}
}

// Goal: the same of what one node runs. Method: change one thing of its system.
func TestSystemValidate(t *testing.T) {
	for _, test := range []refusal[System]{
		{"command without a name", func(s *System) {
			s.Command = []string{""}
		}, "node nomad-2 has the image nomad 1.11.3 and a command without a name"},
		{"user without a name", func(s *System) { s.User = ":www" }, `node nomad-2 has the user ":www"`},
		{"user without a group", func(s *System) { s.User = "www:" }, `node nomad-2 has the user "www:"`},
		{"two users", func(s *System) { s.User = "www data" }, `node nomad-2 has the user "www data"`},
		{"user of nothing", func(s *System) { *s = System{User: "www"} }, `node nomad-2 has the user "www" and no system`},
		{"no image", func(s *System) { s.Image = Image{} }, `node nomad-2 has the command "nomad" and no image`},
		{"negative stop timeout", func(s *System) { s.StopTimeout = -time.Second }, "the stop timeout -1s: it cannot be negative"},
		{"relative path", func(s *System) { s.Files[0].Path = "etc/nomad.hcl" }, `the file "etc/nomad.hcl": a path must be absolute`},
		{"path with a detour", func(s *System) { s.Files[0].Path = "/etc/../root" }, `"/etc/../root"`},
		{"file twice", func(s *System) { s.Files = append(s.Files, s.Files...) }, "has the file /etc/nomad.d/nomad.hcl twice"},
		{"original that is a file too", func(s *System) { s.SeedFiles = s.Files[:1] }, "has the file /etc/nomad.d/nomad.hcl twice"},
		{"negative limit", func(s *System) {
			s.Limits.Log = -1
		}, "node nomad-2 has a limit of -1 bytes of log: it needs at least 65536 (0 means 33554432)"},
		{"too little memory", func(s *System) {
			s.Limits.Memory = MinimumMemory - 1
		}, "node nomad-2 has a limit of 33554431 bytes of memory: it needs at least 33554432"},
		{"few processes", func(s *System) { s.Limits.Processes = 1 }, "node nomad-2 has a limit of 1 processes: it needs at least 64"},
		{"limits of nothing", func(s *System) {
			*s = System{Limits: Limits{Memory: MinimumMemory}}
		}, "node nomad-2 has limits and no system that they could hold for"},
		{"negative restart", func(s *System) { s.Restart = -time.Second }, "node nomad-2 has the restart -1s: it cannot be negative"},
		{"restart of nothing", func(s *System) { *s = System{Restart: time.Second} }, "node nomad-2 has the restart 1s and no system"},
		{"ready by a command without a name", func(s *System) {
			s.Ready = []string{""}
		}, "node nomad-2 is ready by a command without a name"},
		{"ready without a system", func(s *System) {
			*s = System{Ready: []string{"true"}}
		}, "node nomad-2 has a command that shows when it is ready and no system"},
		{"relative volume", func(s *System) { s.Volumes = []string{"data"} }, `the volume "data": a path must be absolute`},
		{"volume with a detour", func(s *System) { s.Volumes = []string{"/data/"} }, `the volume "/data/"`},
		{"the root as a volume", func(s *System) {
			s.Volumes = []string{"/"}
		}, "node nomad-2 has the volume /: the system's own disk is there"},
		{"volume twice", func(s *System) { s.Volumes = []string{"/a", "/b", "/a"} }, "node nomad-2 has the volume /a twice"},
		{"volume below an earlier one", func(s *System) {
			s.Volumes = []string{"/a", "/a/b"}
		}, "has the volume /a/b below its volume /a"},
		{"volume below a later one", func(s *System) {
			s.Volumes = []string{"/a/b/c", "/a"}
		}, "has the volume /a/b/c below its volume /a"},
		{"containers without SYS_ADMIN", func(s *System) {
			s.Containers, s.Capabilities = true, Capabilities{"NET_ADMIN": "a test"}
		}, "node nomad-2 runs containers of its own and lacks the capability SYS_ADMIN"},
		{"containers without NET_ADMIN", func(s *System) {
			s.Containers, s.Capabilities = true, Capabilities{"SYS_ADMIN": "a test"}
		}, "node nomad-2 runs containers of its own and lacks the capability NET_ADMIN"},
		{"system disk without SYS_ADMIN", func(s *System) {
			s.SystemDisk, s.Capabilities = MinimumSystemDisk, nil
		}, "node nomad-2 has a system disk and lacks the capability SYS_ADMIN"},
		{"small system disk", func(s *System) {
			s.SystemDisk = 1 << 20
		}, "the system disk of node nomad-2 has 1048576 bytes: it needs at least 67108864"},
		{"uneven system disk", func(s *System) { s.SystemDisk = MinimumSystemDisk + 1 }, "which is no multiple of 4096"},
		{"system disk without a system", func(s *System) {
			*s = System{SystemDisk: MinimumSystemDisk}
		}, "node nomad-2 has a system disk and no system to put on it"},
		{"system disk and containers", func(s *System) {
			*s = withDisks(*s)
			s.Containers, s.Capabilities = true, ContainerCapabilities()
		}, "node nomad-2 has a system disk and runs containers of its own: the two cannot be combined"},
		{"guest with a system disk", func(s *System) {
			s.GuestExec, s.SystemDisk = []string{"console"}, MinimumSystemDisk
			s.Capabilities = Capabilities{"SYS_ADMIN": "a test"}
		}, "node nomad-2 has a system disk and is a machine within its node: the machine brings its own disks"},
		{"guest without a way in", func(s *System) {
			s.GuestExec = []string{""}
		}, "node nomad-2 is reached by a command without a name"},
		{"all capabilities", func(s *System) {
			s.Capabilities = Capabilities{"ALL": "a test"}
		}, `asks for the capability "ALL": name the ones it needs`},
		{"privileged", func(s *System) { s.Capabilities = Capabilities{"privileged": "a test"} }, "name the ones it needs"},
		{"unknown capability", func(s *System) {
			s.Capabilities = Capabilities{"SYS_ADMON": "a test"}
		}, `"SYS_ADMON", which Linux does not have`},
		{"capability spelt otherwise", func(s *System) {
			s.Capabilities = Capabilities{"CAP_SYS_ADMIN": "a test"}
		}, "it is spelt SYS_ADMIN here"},
		{"capability for nothing", func(s *System) {
			s.Capabilities = Capabilities{"CHOWN": "", "SYS_ADMIN": "a test"}
		}, "node nomad-2 does not say for what it needs the capability CHOWN: give the reason in a few words"},
		{"capability for a blank", func(s *System) { s.Capabilities = Capabilities{"CHOWN": " "} }, "needs the capability CHOWN: give"},
		{"capability for two lines", func(s *System) {
			s.Capabilities = Capabilities{"CHOWN": "it\ngives"}
		}, "node nomad-2 says for what it needs the capability CHOWN in 8 bytes: a reason is one line of at most 120"},
		{"new privileges for two lines", func(s *System) {
			s.NewPrivileges = "su\ndo"
		}, "says why its programs gain privileges in 5 bytes"},
		{"new privileges for a blank", func(s *System) { s.NewPrivileges = " " }, "does not say why its programs gain privileges"},
		{"capabilities of nothing", func(s *System) {
			*s = System{Capabilities: Capabilities{"CHOWN": "a test"}}
		}, "node nomad-2 has capabilities or new privileges and no system to use them"},
	} {
		topology := validTopology()
		test.change(&topology.Nodes[1].System)
		test.check(t, topology)
	}
}

// A refusal is a change after which a topology is refused with a sentence.
type refusal[T any] struct {
	name     string
	change   func(*T)
	sentence string
}

func (r refusal[T]) check(t *testing.T, changed Topology) {
	t.Helper()
	err := changed.Validate()
	testkit.Expect(t, err, r.sentence)
	if err != nil && strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: more than one sentence: %v", r.name, err)
	}
}

// Goal: a node without a system is fine: it has an agent only. Method: take a node's system away.
func TestTopologyValidateAgentOnly(t *testing.T) {
	topology := validTopology()
	topology.Nodes[1].System = System{}
	testkit.Must(t, topology.Validate())
}

// Goal: what a machine needs that runs containers of its own is accepted: the capabilities there are for
// it, a restart, and disks side by side, also where one's name begins like another's. Method: validate
// such a node.
func TestTopologyValidateContainers(t *testing.T) {
	topology := validTopology()
	system := &topology.Nodes[1].System
	system.Containers, system.Capabilities = true, ContainerCapabilities()
	system.Volumes, system.Restart = []string{"/var/lib/rancher", "/var/lib/rancher-2"}, 5*time.Second
	testkit.Must(t, topology.Validate())
}

// withDisks is a system that can have disks, and has one for itself.
func withDisks(system System) System {
	system.Capabilities, system.SystemDisk = Capabilities{"SYS_ADMIN": "a test"}, MinimumSystemDisk
	return system
}

// Goal: disks of a node's own, attached and nowhere, are accepted and can be found. Method: validate such a
// topology and look them up.
func TestTopologyValidateDisks(t *testing.T) {
	topology := validTopology()
	topology.Nodes[0].System.Capabilities = nil
	topology.Nodes[1].System = withDisks(topology.Nodes[1].System)
	topology.Disks = []Disk{{Name: "data", Size: MinimumDisk, Node: topology.Nodes[1].Name}, {Name: "spare", Size: 1 << 30}}
	testkit.Must(t, topology.Validate())
	if disk, ok := topology.Disk("spare"); !ok || disk.Path() != "/dev/disk/by-id/spare" {
		t.Errorf("the disk is %+v, %t", disk, ok)
	}
	if disk, ok := topology.Disk("nope"); ok {
		t.Errorf("there is a disk %+v", disk)
	}
	if topology.Nodes[0].System.TakesDisks() || !topology.Nodes[1].System.TakesDisks() ||
		(System{Capabilities: Capabilities{"SYS_ADMIN": "a test"}}).TakesDisks() {
		t.Error("the wrong systems take disks")
	}
}

// Goal: a node may have a foot in several networks, each of which keeps its own rules. Method: give one a
// second foot, a route by way of it, and break one thing of either.
func TestTopologyWithARouter(t *testing.T) {
	router := func() Topology {
		topology := validTopology()
		topology.Networks = append(topology.Networks, Network{
			"wan", netip.MustParsePrefix("fd00:d7::/64"),
			netip.MustParsePrefix("10.201.7.0/24"),
		})
		foot := Attachment{
			Network: "wan", Interface: "ext0", IPv6: netip.MustParseAddr("fd00:d7::11"),
			IPv4: netip.MustParseAddr("10.201.7.11"),
		}
		topology.Nodes[0].Further, topology.Nodes[0].Interface = []Attachment{foot}, "int0"
		topology.Nodes[0].Routes = []Route{{To: topology.Networks[0].IPv4, Via: netip.MustParseAddr("10.201.7.99")}}
		return topology
	}
	testkit.Must(t, router().Validate())
	if all := router().Nodes[0].AllAddresses(); len(all) != 4 {
		t.Errorf("a router with two feet has the addresses %v", all)
	}
	if network, known := router().Network("wan"); !known || network.Name != "wan" {
		t.Errorf("the network wan is %v", network)
	}
	for _, test := range []refusal[Topology]{
		{
			"two interfaces of one name", func(t *Topology) { t.Nodes[0].Interface = "ext0" },
			"node nomad-1 has two interfaces named ext0",
		},
		{
			"outside", func(t *Topology) { t.Nodes[0].Further[0].IPv4 = netip.MustParseAddr("10.201.8.1") },
			"which is outside 10.201.7.0/24 of network wan",
		},
		{"no address", func(t *Topology) { t.Nodes[0].Further[0].IPv6 = netip.Addr{} }, "node nomad-1 has no IPv6 address"},
		{"another's", func(t *Topology) {
			t.Nodes[1].Further = []Attachment{{Network: "wan", IPv6: t.Nodes[0].Further[0].IPv6, IPv4: netip.MustParseAddr("10.201.7.12")}}
		}, "nodes nomad-1 and nomad-2 both have fd00:d7::11"},
		{"too small", func(t *Topology) { t.Networks[1].IPv4 = netip.MustParsePrefix("10.201.7.0/30") }, "of network wan is too small"},
	} {
		topology := router()
		test.change(&topology)
		test.check(t, topology)
	}
}

// Goal: a secret that could not be struck out is refused in one sentence that does not say it. Method: topologies with one secret
// each that is empty, short, no text, or part of what would be written in its place, and with two of one name.
func TestSecretsAreValidated(t *testing.T) {
	const good = "correct-horse-battery"
	for _, c := range []struct {
		secrets []Secret
		want    string
	}{
		{[]Secret{{Name: "admin", Value: good}, {Name: "other", Value: good}, {Name: "longer", Value: good + good}}, ""},
		{[]Secret{NewSecret("admin"), NewSecret("other")}, ""},
		{[]Secret{{Value: good}}, "a secret has no name: give it one, which is written in its place"},
		{[]Secret{{Name: "Admin password", Value: good}}, `a secret is named "Admin password": a name has`},
		{[]Secret{{Name: "admin"}}, "secret admin has no value: there is nothing to strike out"},
		{[]Secret{{Name: "admin", Value: " 1234567\n"}}, "secret admin has 7 bytes: it needs at least 8"},
		{[]Secret{{Name: "admin", Value: "12345678\xff"}}, "secret admin is no text: write it in"},
		{[]Secret{{Name: "admin-password", Value: "admin-password"}}, `secret admin-password is part of "[secret: admin-password]"`},
		{[]Secret{{Name: "admin", Value: good}, {Name: "admin", Value: good + "2"}}, "two secrets are named admin"},
	} {
		topology := Topology{
			Name: "one", Networks: []Network{{
				Name: "lan", IPv6: netip.MustParsePrefix("fd00:d1::/64"), IPv4: netip.MustParsePrefix("10.201.1.0/24"),
			}},
			Nodes: []Node{{
				Name: "a", IPv6: netip.MustParseAddr("fd00:d1::11"), IPv4: netip.MustParseAddr("10.201.1.11"),
				System: System{Image: Image{Name: "x", Version: "1"}, Secrets: c.secrets},
			}},
		}
		said := ""
		if err := topology.Validate(); err != nil {
			said = err.Error()
		}
		if !strings.HasPrefix(said, c.want) || (c.want == "") != (said == "") || strings.Contains(said, good) {
			t.Errorf("the error is %q, want %q", said, c.want)
		}
	}
}

// Goal: who knows a secret by name gets its value of the topology, and printing one shows its name alone. Method: ask for one
// that is there, one that is not and none, and print a secret in every way.
func TestSecretIn(t *testing.T) {
	secret := NewSecret("admin")
	topology := Topology{Nodes: []Node{
		{System: System{Secrets: []Secret{secret}}}, {System: System{Secrets: []Secret{secret}}},
	}}
	for _, c := range []struct {
		secret      Secret
		value, want string
	}{
		{Secret{Name: "admin"}, secret.Value, ""},
		{Secret{Name: "admin", Value: "another"}, "another", ""},
		{Secret{}, "", ""},
		{Secret{Name: "guest"}, "", `the topology has no secret "guest": its secrets are admin`},
	} {
		value, err := c.secret.In(topology)
		if value != c.value || (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("%v is %q, %v", c.secret, value, err)
		}
	}
	encoded, err := json.Marshal(topology.Secrets())
	printed := fmt.Sprintf("%v %+v %#v %s %q %s %v", secret, topology, secret, secret, secret, encoded, err)
	if len(topology.Secrets()) != 1 || strings.Contains(printed, secret.Value) || !strings.Contains(printed, "[secret: admin]") {
		t.Errorf("it is printed as %s", printed)
	}
}
