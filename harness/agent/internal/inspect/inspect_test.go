//go:build linux

package inspect

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// machine is a copy of testdata/machine.txtar, whose first lines say how it is written, that a test may change.
func machine(t *testing.T) (*Inspector, string) {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/machine.txtar")
	testkit.Must(t, err)
	root := t.TempDir()
	for _, file := range archive.Files {
		testkit.Must(t, unpack(root, file))
	}
	for path, mode := range map[string]os.FileMode{"etc/app.key": 0o600, "etc/cron.daily/logrotate": 0o755} {
		testkit.Must(t, os.Chmod(filepath.Join(root, path), mode))
	}
	return New(root), root
}

// unpack makes a file or a link of a part of the archive.
func unpack(root string, file txtar.File) error {
	name, target, isLink := strings.Cut(file.Name, " -> ")
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if isLink {
		return os.Symlink(target, path)
	}
	const zero = "\u2400"
	content := string(file.Data)
	if strings.Contains(content, zero) {
		content = strings.ReplaceAll(strings.TrimSuffix(content, "\n"), zero, "\x00")
	}
	return os.WriteFile(path, []byte(content), 0o644)
}

var ourRequest = Request{Supervisor: 7, Main: 10}

func traits(t *testing.T, inspector *Inspector, paths ...string) []harness.Trait {
	t.Helper()
	request := ourRequest
	request.Paths = paths
	found, err := inspector.Traits(t.Context(), request)
	testkit.Must(t, err)
	return harness.SortTraits(found)
}

// of are the traits of one kind, as "key = value".
func of(all []harness.Trait, kind harness.Kind) []string {
	var texts []string
	for _, trait := range all {
		if trait.Kind == kind {
			texts = append(texts, trait.Key+" = "+trait.Value)
		}
	}
	return texts
}

// Goal: every collector reads what the files of its kind say, and leaves out what changes by itself or
// belongs to somebody else: backends, jobs, logins, containers, commands of the harness, young and dead
// processes, ports and identifiers drawn by chance, runtimes' mounts. Method: a small machine in a folder.
func TestTraitsOfAMachine(t *testing.T) {
	inspector, _ := machine(t)
	all := traits(t, inspector)
	for kind, want := range map[harness.Kind][]string{
		harness.KindPackage: {
			"cron:amd64 = 3.0pl1-162", "gone:all = 1.0 (deinstall ok config-files)",
			"openssh-server:amd64 = 1:9.2p1-2+deb12u7",
		},
		harness.KindUser: {
			"app = number 998, group app, home /srv/data, shell /usr/sbin/nologin, password set",
			"postgres = number 104, group postgres, home /var/lib/postgresql, shell /bin/bash, called PostgreSQL administrator,,,, " +
				"password locked",
			"root = number 0, group root, home /root, shell /bin/bash, called root, password locked",
		},
		harness.KindGroup: {
			"app = number 997", "operators = number 1000, members app root", "postgres = number 106",
			"root = number 0",
		},
		harness.KindProcess: {
			"app app --peer=10.201.1.12 --alloc=* = 1", "postgres postgres -D /var/lib/postgresql = 1", "root /pause = 1",
			"root containerd-shim-runc-v2 -namespace k8s.io -id * = 1", "root cron -f = 1", "root runsv cron = 1",
			"root runsvdir -P /etc/service = 1", "root sshd: /usr/sbin/sshd -D = 1",
		},
		harness.KindService: {
			"init rc2.d/S01ssh = enabled", "runit app = down until somebody starts it, in ../../../sv/app",
			"runit cron = enabled, in ../../../sv/cron",
			"systemd app.service in multi-user.target.wants = enabled",
		},
		harness.KindCron: {
			"/etc/cron.d/app: */5 * * * * root true = scheduled", "/etc/cron.daily/logrotate = scheduled",
			"/etc/crontab: 17 * * * * root run-parts /etc/cron.hourly = scheduled",
			"/etc/crontab: SHELL=/bin/sh = scheduled", "/var/spool/cron/crontabs/app: 0 3 * * * backup = scheduled",
		},
		harness.KindSocket: {
			"raw 0.0.0.0 protocol 112 = cron", "tcp 0.0.0.0:8080 = app (x) y", "tcp 127.0.0.1:ephemeral = postgres",
			"tcp [::]:22 = sshd", "udp 0.0.0.0:53 = somebody as root",
		},
		harness.KindMount: {
			"/ = overlay from overlay relatime,rw", "/etc/resolv.conf = ext4 from /dev/vda relatime,rw",
			"/mnt/my disk = ext4 from /dev/loop* errors=continue,relatime,ro",
			"/proc = proc from proc nodev,noexec,nosuid,relatime,rw",
		},
		harness.KindSetting: {
			"kernel.hostname = node-1", "net.ipv4.conf.eth0.rp_filter = 0", "net.ipv4.ip_forward = 1",
			"net.ipv4.ip_local_port_range = 32768 60999", "vm.swappiness = 60",
		},
		harness.KindResolver: {"nameserver = 10.201.1.53 fd00:d1::53", "options = timeout:1 ndots:2", "search = example.test"},
	} {
		if got := of(all, kind); !slices.Equal(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", kind, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
	}
}

// Goal: what an engine writes into /etc/hosts for the machine itself is no difference, and another machine's line is. Method: the
// lines of Docker, those of Podman with the names of both containers, and Podman's for another machine.
func TestOwnLinesOfHosts(t *testing.T) {
	hosts := func(own string) string {
		inspector, root := machine(t)
		content := "127.0.0.1\tlocalhost\n10.201.1.12\tnode-2\n" + own
		if err := os.WriteFile(filepath.Join(root, "etc/hosts"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(traits(t, inspector), func(trait harness.Trait) bool { return trait.Key == "/etc/hosts" })
		return traits(t, inspector)[at].Value
	}
	docker := hosts("10.201.1.11\tnode-1\n")
	podman := hosts("10.201.1.11\tnode-1 reprise-site-node-1-8eccf7c5\n127.0.0.1\treprise-site-node-1-8eccf7c5-system\n")
	if podman != docker {
		t.Errorf("Podman's own lines make a difference:\n%s\n%s", podman, docker)
	}
	if other := hosts("10.201.1.13\tnode-11 reprise-site-node-11-8eccf7c5\n"); other == docker {
		t.Error("another machine's line makes none")
	}
}

// Goal: a file's value says what it is, who may use it and what is in it, and leaves to others what they
// tell better. Method: the same machine's files, and what a file tree can hold besides.
func TestTraitsOfFiles(t *testing.T) {
	inspector, root := machine(t)
	testkit.Must(t, os.Chmod(filepath.Join(root, "srv/data"), 0o755|os.ModeSticky))
	all := traits(t, inspector, "/srv/data/")
	files := map[string]string{}
	for _, trait := range all {
		if trait.Kind == harness.KindFile {
			files[trait.Key] = trait.Value
		}
	}
	for path, want := range map[string]string{
		"/etc/app.key":                     "file 0600 .* 4 bytes sha256:a7998f247bd96569",
		"/etc/service":                     "link .* -> runit/runsvdir/default",
		"/etc/cron.daily/logrotate":        "file 0755 .* 10 bytes sha256:a8076d3d28d21e02",
		"/etc/shadow":                      "file 0644 .*",
		"/etc/hostname":                    "file 0644 .* with the machine's name",
		"/etc/hosts":                       "file 0644 .* 45 bytes besides the machine's own line sha256:.*",
		"/srv/data":                        "folder 1755 .*",
		"/srv/data/state":                  "file 0644 .* 5 bytes sha256:.*",
		"/etc/sv/cron/supervise":           "",
		"/etc/sv/cron/run":                 "file 0644 .* 23 bytes sha256:.*",
		"/usr/local/lib/app.conf":          "link .* -> /etc/app.conf",
		"/var/lib/dpkg/status":             "",
		"/etc/runit/runsvdir/default/cron": "link .* -> ../../../sv/cron",
	} {
		if got := files[path]; !regexp.MustCompile("^" + want + "$").MatchString(got) {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}

// Goal: a look that finds nothing new says the same, and one after a change of a file that it has read
// before does not believe its memory. Method: look twice; replace a file by one of the same length and
// the same time of its last change.
func TestSecondLook(t *testing.T) {
	inspector, root := machine(t)
	first := traits(t, inspector)
	if second := traits(t, inspector); !slices.Equal(first, second) {
		t.Errorf("two looks at one machine differ: %v", drift.Compare(harness.Fingerprint{Traits: first},
			harness.Fingerprint{Traits: second}))
	}
	path := filepath.Join(root, "etc/app.conf")
	info, err := os.Stat(path)
	testkit.Must(t, err)
	testkit.Must(t, os.WriteFile(path, []byte("listen = 9090\n"), 0o644))
	testkit.Must(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
	differences := drift.Compare(harness.Fingerprint{Traits: first}, harness.Fingerprint{Traits: traits(t, inspector)})
	if len(differences) != 1 || differences[0].Key != "/etc/app.conf" {
		t.Errorf("the differences are %v", differences)
	}
}

// Goal: digests are remembered, and only while somebody looks at their files. Method: files old enough
// for it, two looks with a path and one without.
func TestDigestsAreRemembered(t *testing.T) {
	inspector, root := machine(t)
	waitUntilSettled(t, filepath.Join(root, "srv/data/state"))
	all := traits(t, inspector, "/srv")
	known := len(inspector.hashes)
	if known == 0 {
		t.Fatal("no digest is remembered")
	}
	if len(inspector.listings) == 0 {
		t.Error("no folder is remembered")
	}
	if again := traits(t, inspector, "/srv"); !slices.Equal(all, again) || len(inspector.hashes) != known {
		t.Errorf("%d digests are remembered after a second look, %d after the first", len(inspector.hashes), known)
	}
	testkit.Must(t, os.WriteFile(filepath.Join(root, "srv/new"), nil, 0o644))
	if with := traits(t, inspector, "/srv"); len(with) != len(all)+1 {
		t.Error("a file in a folder that is remembered does not show")
	}
	testkit.Must(t, os.Remove(filepath.Join(root, "srv/new")))
	traits(t, inspector)
	if len(inspector.hashes) != known-1 {
		t.Errorf("%d digests are remembered without the path, %d with it", len(inspector.hashes), known)
	}
}

// waitUntilSettled waits until a file is so old that its digest may be remembered.
func waitUntilSettled(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	testkit.Must(t, err)
	time.Sleep(time.Until(info.ModTime().Add(settledContent + 100*time.Millisecond)))
}

// Goal: what cannot be read is named, a default path that is not there is no error, too many files are
// one clear sentence, and the end of the context ends the look. Method: paths of each kind.
func TestTraitsOfBadPaths(t *testing.T) {
	inspector, root := machine(t)
	many := filepath.Join(root, "many")
	testkit.Must(t, os.Mkdir(many, 0o755))
	for i := range mostFiles {
		testkit.Must(t, os.Symlink("x", filepath.Join(many, "f"+string(rune('a'+i%26))+time.Duration(i).String())))
	}
	for path, want := range map[string]string{
		"/srv/nothing": "read /srv/nothing: no such file or directory",
		"srv":          "read srv: it is no absolute path",
		"/many":        "read /many: there are more than 20000 files below it",
	} {
		request := ourRequest
		request.Paths = []string{path}
		if _, err := inspector.Traits(t.Context(), request); err == nil || err.Error() != want {
			t.Errorf("%s: the error is %v, want %s", path, err, want)
		}
	}
	testkit.Must(t, os.RemoveAll(filepath.Join(root, "usr")))
	traits(t, inspector)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := inspector.Traits(ctx, ourRequest); err == nil {
		t.Error("a look goes on although nobody waits for it")
	}
	if os.Geteuid() != 0 {
		testkit.Must(t, os.Chmod(filepath.Join(root, "etc/app.key"), 0))
		if _, err := inspector.Traits(t.Context(), ourRequest); err == nil ||
			!strings.Contains(err.Error(), "read /etc/app.key: permission denied") {
			t.Errorf("a file that may not be read: %v", err)
		}
	}
}

// Goal: what names an address is found wherever it stands, in any spelling, and nothing else is.
// Method: two addresses on the machine: in files, arguments, an environment, at both ends of sockets; a
// binary file, a longer address, and what the harness itself runs are passed over; so is a text that is too long, which is said.
func TestMentions(t *testing.T) {
	inspector, root := machine(t)
	for path, content := range map[string]string{
		"usr/local/lib/log": strings.Repeat("10.201.1.12 was here\n", longestText/20), "usr/local/lib/large": strings.Repeat("\x00",
			longestText+1),
		"usr/local/lib/binary": "fd00:d1::12\x00", "srv/data/peers": "first\n10.201.1.12:7000\n", "var/lib/elsewhere": "10.201.1.12",
	} {
		testkit.Must(t, os.WriteFile(filepath.Join(root, path), []byte(content), 0o644))
	}
	request := ourRequest
	request.Paths = []string{"/srv", "/srv/data", "/srv/nothing"}
	mentions, incomplete, err := inspector.Mentions(t.Context(), request, []netip.Addr{
		netip.MustParseAddr("10.201.1.12"),
		netip.MustParseAddr("fd00:d1::12"),
	})
	testkit.Must(t, err)
	var got []string
	environments := 0
	for _, mention := range mentions {
		if mention.Where == harness.WhereEnvironment {
			if mention.Text != "PEER=fd00:d1::12" {
				t.Errorf("the environment's line is %q", mention.Text)
			}
			environments++
			continue
		}
		got = append(got, strings.Join([]string{mention.Where, mention.Key, mention.Text}, " | "))
	}
	want := []string{
		"file | /etc/hosts | 10.201.1.12\tnode-2 other",
		"file | /etc/peers.conf | peer = [FD00:D1:0::12]:7000, fd00:d1::120",
		"file | /srv/data/peers | 10.201.1.12:7000",
		"file | /usr/local/bin/backup | rsync -a /srv rsync://10.201.1.12/backup",
		"process | app app (x) y | app --peer=10.201.1.12 --alloc=6bd29c2b-3a0e-4c0b-8d9e-2f4a5f0b8a11",
		"process | postgres postgres | postgres: app blog 10.201.1.12(4711) idle",
		"socket | tcp closed a minute ago | 10.201.1.11 to 10.201.1.12:7000",
		"socket | tcp established | 10.201.1.11 to 10.201.1.12:7000, 2 times",
	}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
	if want := []string{"1 of the texts are longer than 1 MiB and were not searched, such as /usr/local/lib/log"}; !slices.Equal(
		incomplete, want) {
		t.Errorf("not searched: %q, want %q", incomplete, want)
	}
	if environments == 0 {
		t.Error("no environment was looked at")
	}
	if at := slices.IndexFunc(mentions, func(m harness.Mention) bool { return m.Key == "/srv/data/peers" }); at < 0 ||
		mentions[at].Line != 2 {
		t.Errorf("the line is not told: %+v", mentions)
	}
}
