package harness

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// A Kind is what a trait of a node is about.
type Kind string

// The kinds of traits: what a key is, and what its value says.
const (
	// KindPackage: "name:architecture"; the version, and the state where it is not plainly installed.
	KindPackage Kind = "package"
	// KindFile: the path; "file 0644 root:root 120 bytes sha256:...", "folder 0755 root:root",
	// "link root:root -> target". Never a time.
	KindFile Kind = "file"
	// KindUser: the name; number, group, home, shell, and whether there is a password. Never the password.
	KindUser Kind = "user"
	// KindGroup: the name; number and members.
	KindGroup Kind = "group"
	// KindProcess: "user arguments ..."; how many there are.
	KindProcess Kind = "process"
	// KindService: what an init system starts by itself, such as "runit cron"; how it is enabled.
	KindService Kind = "service"
	// KindCron: "file: line", or the path of a script in a folder such as /etc/cron.daily.
	KindCron Kind = "cron"
	// KindSocket: "tcp 127.0.0.1:8500"; the program that listens.
	KindSocket Kind = "socket"
	// KindFirewall: "nft ip filter input: rule" or "iptables filter INPUT: rule"; how often it is there.
	// A chain has a trait of its own: its policy and a digest of its rules in their order.
	KindFirewall Kind = "firewall"
	// KindMount: the mount point; type, source and options.
	KindMount Kind = "mount"
	// KindSetting: a sysctl such as "net.ipv4.ip_forward"; its value.
	KindSetting Kind = "setting"
	// KindAddress: "eth0 fd00:d1::11/64". Link-local addresses are the kernel's own business.
	KindAddress Kind = "address"
	// KindRoute: "fd00:d2::/64 via fd00:d1::1 dev eth0 ..." or "rule 100: from all ...".
	KindRoute Kind = "route"
	// KindResolver: a directive of resolv.conf, such as "nameserver"; its values in their order.
	KindResolver Kind = "resolver"
)

// A Trait is one thing that is so on a node. Kind and Key together are unique in a fingerprint.
type Trait struct {
	Kind  Kind   `json:"kind"`
	Key   string `json:"key"`
	Value string `json:"value"`
}

// A Fingerprint is what a node looked like at one moment, without anything that changes by itself
// in peace: two fingerprints of a node that nobody touched in between have the same traits.
//
// Left out for that reason are: times; process numbers; processes younger than a second; processes
// that a daemon forked for itself (a database's backends) or that cron or sshd started for one job or
// one login; the contents of containers but for their first processes; what container runtimes and
// kube-proxy keep in the firewall, among the mounts, links and routes; the content of files that other
// traits tell better (passwd, shadow, group, resolv.conf); and whatever the harness and the container
// engine have put there. Identifiers drawn by chance (UUIDs, long hexadecimal numbers) read "*".
type Fingerprint struct {
	Node  string    `json:"node"`
	Taken time.Time `json:"taken"`
	// Paths are those that were looked at besides /etc and /usr/local.
	Paths []string `json:"paths,omitempty"`
	// Wall is how long it took the caller, CPU what it cost the node's agent and supervisor.
	Wall time.Duration `json:"wall_ns"`
	CPU  time.Duration `json:"cpu_ns"`
	// Traits are sorted by kind and key.
	Traits []Trait `json:"traits"`
}

// DefaultPaths are looked at in every fingerprint, and searched for mentions. One that is not there
// is no error.
func DefaultPaths() []string { return []string{"/etc", "/usr/local"} }

// SortTraits puts traits into the order of a [Fingerprint], and joins those of one kind and key.
func SortTraits(traits []Trait) []Trait {
	slices.SortFunc(traits, func(a, b Trait) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.Key, b.Key), strings.Compare(a.Value, b.Value))
	})
	sorted := traits[:0]
	for _, trait := range traits {
		if len(sorted) > 0 {
			last := &sorted[len(sorted)-1]
			if last.Kind == trait.Kind && last.Key == trait.Key {
				if last.Value != trait.Value {
					last.Value += "; " + trait.Value
				}
				continue
			}
		}
		sorted = append(sorted, trait)
	}
	return sorted
}

// A Difference is a trait that is not what it was. Before is empty for one that was not there, After
// for one that is gone.
type Difference struct {
	Node   string `json:"node,omitempty"` // where it is so now
	Kind   Kind   `json:"kind"`
	Key    string `json:"key"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// String says it in one line.
func (d Difference) String() string {
	switch {
	case d.Before == "":
		return fmt.Sprintf("%s %s is new: %s", d.Kind, d.Key, d.After)
	case d.After == "":
		return fmt.Sprintf("%s %s is gone: %s", d.Kind, d.Key, d.Before)
	}
	return fmt.Sprintf("%s %s was %s, is %s", d.Kind, d.Key, d.Before, d.After)
}

// KindMention is the kind of a [drift.Planned] that explains mentions. Its Key is matched with "where key" of a [Mention].
const KindMention Kind = "mention"

// Where an address can be mentioned on a node. Products' own places have the names of their sources.
const (
	WhereFile        = "file"        // Key: the path
	WhereProcess     = "process"     // Key: "user program"
	WhereEnvironment = "environment" // Key: "user program", Text: the variable
	WhereSocket      = "socket"      // Key: "tcp established", Text: both ends
)

// A Mention is a place that names an address.
type Mention struct {
	Node    string     `json:"node,omitempty"` // "" for what belongs to a whole cluster
	Where   string     `json:"where"`
	Key     string     `json:"key"`
	Line    int        `json:"line,omitempty"` // from 1, in a text of lines
	Text    string     `json:"text"`           // what stands there, at most 200 bytes
	Address netip.Addr `json:"address"`
}
