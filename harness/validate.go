package harness

import (
	"errors"
	"fmt"
	"math/bits"
	"net/netip"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// observerHost is the last byte of the observer's address in every prefix.
const observerHost = 0xf0

// ObserverAddress is the address of [VantageObserver] in a prefix: the one that ends in f0 (IPv6)
// or 240 (IPv4). Topologies keep it free, and faults keep it free in the prefixes they move nodes into.
func ObserverAddress(prefix netip.Prefix) netip.Addr {
	raw := prefix.Masked().Addr().AsSlice()
	raw[len(raw)-1] = observerHost
	address, _ := netip.AddrFromSlice(raw)
	return address
}

// GatewayAddress is the first address of a prefix: the engine keeps it for itself.
func GatewayAddress(prefix netip.Prefix) netip.Addr { return prefix.Masked().Addr().Next() }

// Validate says in one sentence what is wrong with the topology, and nothing when a lab can be made
// of it. It stops at the first thing it finds, in the order of the description.
func (t Topology) Validate() error {
	if t.Refused != "" {
		return errors.New(t.Refused)
	}
	if err := validName("the topology", t.Name); err != nil {
		return err
	}
	if len(t.Networks) == 0 {
		return fmt.Errorf("topology %s has no network: it needs at least one", t.Name)
	}
	if err := t.validateNetworks(); err != nil {
		return err
	}
	if err := t.validateNodeNames(); err != nil {
		return err
	}
	if err := t.validateAddresses(); err != nil {
		return err
	}
	for _, node := range t.Nodes {
		if err := node.System.validate(node.Name); err != nil {
			return err
		}
	}
	if err := t.validateSecrets(); err != nil {
		return err
	}
	if err := t.validateOrder(); err != nil {
		return err
	}
	return t.validateDisks()
}

// validateOrder checks who is started after whom.
func (t Topology) validateOrder() error {
	for _, node := range t.Nodes {
		for _, first := range node.After {
			switch _, known := t.Node(first); {
			case !known:
				return fmt.Errorf("node %s is started after %q, which the topology does not have", node.Name, first)
			case first == node.Name:
				return fmt.Errorf("node %s is started after itself: name the others that it needs", node.Name)
			case !node.System.Exists():
				return fmt.Errorf("node %s is started after %s and has no system to start", node.Name, first)
			}
		}
	}
	for _, node := range t.Nodes {
		if circle := t.circleFrom([]string{node.Name}); circle != nil {
			return fmt.Errorf("node %s is started after %s: none of them can be the first", circle[0],
				strings.Join(circle[1:], ", which is started after "))
		}
	}
	return nil
}

// circleFrom follows who is started after whom from the last node of a path, back to its first; nil when no way leads there.
func (t Topology) circleFrom(path []string) []string {
	last, _ := t.Node(path[len(path)-1])
	for _, first := range last.After {
		longer := append(slices.Clone(path), first)
		if first == path[0] {
			return longer
		}
		if slices.Contains(path, first) { // another circle, which is found from a node of its own
			continue
		}
		if circle := t.circleFrom(longer); circle != nil {
			return circle
		}
	}
	return nil
}

func (t Topology) validateNetworks() error {
	var seen []Network
	for _, network := range t.Networks {
		if err := validName("a network", network.Name); err != nil {
			return err
		}
		switch {
		case !network.IPv6.IsValid() || !network.IPv6.Addr().Is6() || network.IPv6.Addr().Is4In6():
			return fmt.Errorf("network %s needs an IPv6 prefix as its IPv6, such as fd00:d1::/64, and has %q", network.Name,
				spell(network.IPv6))
		case !network.IPv4.IsValid() || !network.IPv4.Addr().Is4():
			return fmt.Errorf("network %s needs an IPv4 prefix as its IPv4, such as 10.201.1.0/24, and has %q", network.Name,
				spell(network.IPv4))
		}
		for _, prefix := range []netip.Prefix{network.IPv6, network.IPv4} {
			if prefix != prefix.Masked() {
				return fmt.Errorf("network %s: %s is an address in %s, not a prefix", network.Name, prefix, prefix.Masked())
			}
		}
		for _, other := range seen {
			switch {
			case network.Name == other.Name:
				return fmt.Errorf("two networks are named %s", network.Name)
			case network.IPv6.Overlaps(other.IPv6):
				return fmt.Errorf("networks %s and %s overlap: %s and %s", other.Name, network.Name, other.IPv6, network.IPv6)
			case network.IPv4.Overlaps(other.IPv4):
				return fmt.Errorf("networks %s and %s overlap: %s and %s", other.Name, network.Name, other.IPv4, network.IPv4)
			}
		}
		seen = append(seen, network)
	}
	return t.validateRooms()
}

// validateRooms checks that every prefix is large enough.
func (t Topology) validateRooms() error {
	for _, network := range t.Networks {
		for _, prefix := range []netip.Prefix{network.IPv6, network.IPv4} {
			if err := t.validateRoom(network, prefix); err != nil {
				return err
			}
		}
	}
	return nil
}

// spell writes a prefix for a sentence; the zero Prefix is nothing.
func spell(prefix netip.Prefix) string {
	if prefix == (netip.Prefix{}) {
		return ""
	}
	return prefix.String()
}

// validateRoom checks that every node of a network, the gateway and the observer fit into the prefix.
func (t Topology) validateRoom(network Network, prefix netip.Prefix) error {
	reserved := 1 // the network's own address
	if prefix.Addr().Is4() {
		reserved = 2 // and the broadcast address
	}
	nodes := 0
	for _, node := range t.Nodes {
		if t.attached(node, network) {
			nodes++
		}
	}
	needed := nodes + 2 + reserved
	if host := prefix.Addr().BitLen() - prefix.Bits(); host < bits.Len(uint(needed-1)) {
		return fmt.Errorf("prefix %s of network %s is too small: %d nodes, the gateway and the observer do not fit", prefix,
			network.Name, nodes)
	}
	if observer := ObserverAddress(prefix); !prefix.Contains(observer) {
		return fmt.Errorf("prefix %s of network %s is too small: the observer's address %s is not in it", prefix, network.Name,
			observer)
	}
	return nil
}

// attached tells whether a node has a foot in a network.
func (t Topology) attached(node Node, network Network) bool {
	return slices.ContainsFunc(node.Attachments(), func(attachment Attachment) bool {
		found, known := t.Network(attachment.Network)
		return known && found.Name == network.Name
	})
}

func (t Topology) validateNodeNames() error {
	if len(t.Nodes) == 0 {
		return fmt.Errorf("topology %s has no node: it needs at least one", t.Name)
	}
	seen := map[string]bool{}
	for _, node := range t.Nodes {
		if err := validName("a node", node.Name); err != nil {
			return err
		}
		if node.Name == VantageObserver {
			return fmt.Errorf("a node is named %s: the name is reserved for the clients' vantage point, which every lab has",
				VantageObserver)
		}
		if seen[node.Name] {
			return fmt.Errorf("two nodes are named %s", node.Name)
		}
		seen[node.Name] = true
	}
	return nil
}

func (t Topology) validateAddresses() error {
	owner := map[netip.Addr]string{}
	for _, node := range t.Nodes {
		if err := t.validateAttachments(node); err != nil {
			return err
		}
		for _, attachment := range node.Attachments() {
			network, _ := t.Network(attachment.Network)
			if err := validateClaims(node, attachment, network, owner); err != nil {
				return err
			}
		}
	}
	return nil
}

// validateClaims checks a node's addresses in one network, and notes whose they are.
func validateClaims(node Node, attachment Attachment, network Network, owner map[netip.Addr]string) error {
	for _, claim := range []struct {
		family  string
		address netip.Addr
		prefix  netip.Prefix
	}{{"IPv6", attachment.IPv6, network.IPv6}, {"IPv4", attachment.IPv4, network.IPv4}} {
		if !claim.address.IsValid() {
			return fmt.Errorf("node %s has no %s address: the engine would choose one that nobody knows", node.Name, claim.family)
		}
		if !claim.prefix.Contains(claim.address) {
			return fmt.Errorf("node %s has the %s address %s, which is outside %s of network %s", node.Name, claim.family, claim.address,
				claim.prefix, network.Name)
		}
		if use := reservedFor(claim.prefix, claim.address); use != "" {
			return fmt.Errorf("node %s has the address %s, which is %s", node.Name, claim.address, use)
		}
		if other, taken := owner[claim.address]; taken {
			return fmt.Errorf("nodes %s and %s both have %s", other, node.Name, claim.address)
		}
		owner[claim.address] = node.Name
	}
	return nil
}

// reservedFor says what else an address of the prefix is for; "" when it is free for a node.
func reservedFor(prefix netip.Prefix, address netip.Addr) string {
	switch {
	case address == prefix.Addr():
		return "the network's own"
	case address == GatewayAddress(prefix):
		return "the gateway's"
	case address == ObserverAddress(prefix):
		return "the observer's"
	case address.Is4() && !prefix.Contains(address.Next()):
		return "the broadcast address"
	}
	return ""
}

// maxName is the length limit of a DNS label: names become host names.
const maxName = 63

func validName(what, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%s has no name", what)
	case len(name) > maxName:
		return fmt.Errorf("%s is named %q: a name has at most %d characters", what, name, maxName)
	case strings.Trim(name, "-") != name, strings.ContainsFunc(name, notInName):
		return fmt.Errorf("%s is named %q: a name has lower-case letters, digits and inner dashes only", what, name)
	}
	return nil
}

func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
}

func (s System) validate(node string) error {
	if !s.Exists() {
		return s.validateAbsent(node)
	}
	switch {
	case len(s.Command) > 0 && s.Command[0] == "":
		return fmt.Errorf("node %s has the image %s and a command without a name: what is started has to be said", node, s.Image)
	case s.Image.Name == "":
		return fmt.Errorf("node %s has the command %q and no image", node, s.Command[0])
	case len(s.Ready) > 0 && s.Ready[0] == "":
		return fmt.Errorf("node %s is ready by a command without a name: what is run has to be said", node)
	case s.StopTimeout < 0:
		return fmt.Errorf("node %s has the stop timeout %v: it cannot be negative (0 means 10 s)", node, s.StopTimeout)
	case s.Restart < 0:
		return fmt.Errorf("node %s has the restart %v: it cannot be negative (0 means that nobody starts it again)", node, s.Restart)
	case strings.HasPrefix(s.User, ":") || strings.HasSuffix(s.User, ":") || strings.ContainsFunc(s.User, unicode.IsSpace):
		return fmt.Errorf("node %s has the user %q: it is a name or a number, with a group after a colon or without", node, s.User)
	}
	for _, validate := range []func(node string) error{
		s.Limits.validate, s.validateFiles, s.validateVolumes, s.validateRights, s.validateMachine, s.validateSystemDisk,
	} {
		if err := validate(node); err != nil {
			return err
		}
	}
	return nil
}

func (l Limits) validate(node string) error {
	for _, limit := range []struct {
		of                        string
		value, minimum, byDefault int64
	}{
		{"bytes of memory", l.Memory, MinimumMemory, DefaultMemory},
		{"processes", l.Processes, MinimumProcesses, DefaultProcesses},
		{"bytes of log", l.Log, MinimumLog, DefaultLog},
	} {
		if limit.value != 0 && limit.value < limit.minimum {
			return fmt.Errorf("node %s has a limit of %d %s: it needs at least %d (0 means %d)", node, limit.value, limit.of,
				limit.minimum, limit.byDefault)
		}
	}
	return nil
}

// validateAbsent checks that a node without a system is given nothing that only a system has a use for.
func (s System) validateAbsent(node string) error {
	switch {
	case s.Restart != 0:
		return fmt.Errorf("node %s has the restart %v and no system: there is nothing to start again", node, s.Restart)
	case s.SystemDisk != 0:
		return fmt.Errorf("node %s has a system disk and no system to put on it", node)
	case s.Limits != Limits{}:
		return fmt.Errorf("node %s has limits and no system that they could hold for", node)
	case s.User != "":
		return fmt.Errorf("node %s has the user %q and no system to run as it", node, s.User)
	case len(s.Capabilities) > 0 || s.NewPrivileges != "":
		return fmt.Errorf("node %s has capabilities or new privileges and no system to use them", node)
	case len(s.Ready) > 0:
		return fmt.Errorf("node %s has a command that shows when it is ready and no system", node)
	}
	return nil
}

func (s System) validateFiles(node string) error {
	seen := map[string]bool{}
	for _, file := range slices.Concat(s.Files, s.SeedFiles) {
		if !path.IsAbs(file.Path) || path.Clean(file.Path) != file.Path {
			return fmt.Errorf("node %s has the file %q: a path must be absolute and without detours", node, file.Path)
		}
		if seen[file.Path] {
			return fmt.Errorf("node %s has the file %s twice", node, file.Path)
		}
		seen[file.Path] = true
	}
	return nil
}

// validateMachine checks what belongs to a machine within the node.
func (s System) validateMachine(node string) error {
	if s.Virtual() && s.GuestExec[0] == "" {
		return fmt.Errorf("node %s is reached by a command without a name", node)
	}
	if s.Virtual() && s.SystemDisk > 0 {
		return fmt.Errorf("node %s has a system disk and is a machine within its node: the machine brings its own disks", node)
	}
	return nil
}

func (s System) validateVolumes(node string) error {
	for i, volume := range s.Volumes {
		switch {
		case !path.IsAbs(volume) || path.Clean(volume) != volume:
			return fmt.Errorf("node %s has the volume %q: a path must be absolute and without detours", node, volume)
		case volume == "/":
			return fmt.Errorf("node %s has the volume /: the system's own disk is there", node)
		}
		for _, other := range s.Volumes[:i] {
			switch {
			case volume == other:
				return fmt.Errorf("node %s has the volume %s twice", node, volume)
			case isBelow(volume, other):
				return fmt.Errorf("node %s has the volume %s below its volume %s", node, volume, other)
			case isBelow(other, volume):
				return fmt.Errorf("node %s has the volume %s below its volume %s", node, other, volume)
			}
		}
	}
	return nil
}

// isBelow tells whether a clean path is inside the folder of another.
func isBelow(inner, outer string) bool { return strings.HasPrefix(inner, outer+"/") }

func (s System) validateRights(node string) error {
	for _, capability := range s.Capabilities.Names() {
		if err := validCapability(node, capability); err != nil {
			return err
		}
		what := fmt.Sprintf("for what it needs the capability %s", capability)
		if err := validReason(node, what, s.Capabilities[capability]); err != nil {
			return err
		}
	}
	if s.NewPrivileges != "" {
		if err := validReason(node, "why its programs gain privileges", s.NewPrivileges); err != nil {
			return err
		}
	}
	if !s.Containers {
		return nil
	}
	for _, needed := range []string{"SYS_ADMIN", "NET_ADMIN"} {
		if !s.Capabilities.Has(needed) {
			return fmt.Errorf("node %s runs containers of its own and lacks the capability %s: see ContainerCapabilities", node, needed)
		}
	}
	return nil
}

func (t Topology) validateDisks() error {
	for i, disk := range t.Disks {
		if err := validName("a disk", disk.Name); err != nil {
			return err
		}
		if slices.ContainsFunc(t.Disks[:i], func(other Disk) bool { return other.Name == disk.Name }) {
			return fmt.Errorf("two disks are named %s", disk.Name)
		}
		if err := validSize("disk "+disk.Name, disk.Size, MinimumDisk); err != nil {
			return err
		}
		if disk.Node == "" {
			continue
		}
		if err := t.validateCarrier(disk.Name, disk.Node); err != nil {
			return err
		}
	}
	return nil
}

func (t Topology) validateCarrier(disk, name string) error {
	node, ok := t.Node(name)
	switch {
	case !ok:
		return fmt.Errorf("disk %s is attached to node %q, which topology %s does not have", disk, name, t.Name)
	case !node.System.TakesDisks():
		return fmt.Errorf("disk %s is attached to node %s, whose system lacks the capability %s, without which nothing can be mounted",
			disk, name, diskCapability)
	}
	return nil
}

func (s System) validateSystemDisk(node string) error {
	if s.SystemDisk == 0 {
		return nil
	}
	if err := validSize("the system disk of node "+node, s.SystemDisk, MinimumSystemDisk); err != nil {
		return err
	}
	switch {
	case !s.Capabilities.Has(diskCapability):
		return fmt.Errorf("node %s has a system disk and lacks the capability %s, without which nothing can be mounted", node,
			diskCapability)
	case s.Containers:
		return fmt.Errorf("node %s has a system disk and runs containers of its own: the two cannot be combined", node)
	}
	return nil
}

func validSize(what string, size, minimum int64) error {
	switch {
	case size < minimum:
		return fmt.Errorf("%s has %d bytes: it needs at least %d", what, size, minimum)
	case size%diskBlock != 0:
		return fmt.Errorf("%s has %d bytes, which is no multiple of %d", what, size, diskBlock)
	}
	return nil
}

// validateSecrets says in one sentence, without the value, which secret could not be struck out.
func (t Topology) validateSecrets() error {
	secrets := t.Secrets()
	for i, secret := range secrets {
		if err := secret.validate(); err != nil {
			return err
		}
		for _, other := range secrets[:i] {
			if other.Name == secret.Name {
				return fmt.Errorf("two secrets are named %s and are not the same: name each differently", secret.Name)
			}
		}
		for _, other := range secrets {
			if strings.Contains(other.Mark(), strings.TrimSpace(secret.Value)) {
				return fmt.Errorf("secret %s is part of %q, which is written in the place of a secret: choose another value",
					secret.Name, Secret{Name: other.Name}.Mark())
			}
		}
	}
	return nil
}

func (s Secret) validate() error {
	if s.Name == "" {
		return errors.New("a secret has no name: give it one, which is written in its place")
	}
	if err := validName("a secret", s.Name); err != nil {
		return err
	}
	switch length := len(strings.TrimSpace(s.Value)); {
	case length == 0:
		return fmt.Errorf("secret %s has no value: there is nothing to strike out", s.Name)
	case length < MinimumSecret:
		return fmt.Errorf("secret %s has %d bytes: it needs at least %d, or striking it out would destroy texts that it is part of by "+
			"chance", s.Name, length, MinimumSecret)
	case !utf8.ValidString(s.Value):
		return fmt.Errorf("secret %s is no text: write it in hexadecimal digits or in base64 where it is used", s.Name)
	}
	return nil
}
