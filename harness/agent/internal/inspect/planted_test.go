//go:build linux

package inspect

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// A plant is one difference, and the traits that have to show it.
type plant struct {
	name  string
	make  func(t *testing.T, root string)
	shows []string // "kind key"; all of them, and no other
}

// replace changes a text in a file.
func replace(path, old, text string) func(*testing.T, string) {
	return func(t *testing.T, root string) {
		t.Helper()
		content, err := os.ReadFile(filepath.Join(root, path))
		testkit.Must(t, err)
		if !strings.Contains(string(content), old) {
			t.Fatalf("%s does not contain %q", path, old)
		}
		put(path, strings.Replace(string(content), old, text, 1))(t, root)
	}
}

func put(path, text string) func(*testing.T, string) {
	return func(t *testing.T, root string) {
		t.Helper()
		testkit.Must(t, os.WriteFile(filepath.Join(root, path), []byte(text), 0o644))
	}
}

func do(change func(at func(string) string) error) func(*testing.T, string) {
	return func(t *testing.T, root string) {
		t.Helper()
		testkit.Must(t, change(func(path string) string { return filepath.Join(root, path) }))
	}
}

var plants = []plant{
	{"a package removed", replace("var/lib/dpkg/status", "Package: cron\nStatus: install ok installed",
		"Package: cron\nStatus: deinstall ok config-files"), []string{"package cron:amd64"}},
	{"a package of another version", replace("var/lib/dpkg/status", "deb12u7", "deb12u8"), []string{"package openssh-server:amd64"}},
	{"a file changed", put("etc/app.conf", "listen = 9090\n"), []string{"file /etc/app.conf"}},
	{
		"a mode changed", do(func(at func(string) string) error { return os.Chmod(at("etc/app.key"), 0o644) }),
		[]string{"file /etc/app.key"},
	},
	{
		"an owner changed", do(func(at func(string) string) error { return os.Chown(at("srv/data/state"), 998, 997) }),
		[]string{"file /srv/data/state"},
	},
	{"a link changed", do(func(at func(string) string) error {
		return os.Rename(at("usr/local/lib/app.conf"), at("usr/local/lib/old.conf"))
	}), []string{"file /usr/local/lib/app.conf", "file /usr/local/lib/old.conf"}},
	{"a file nobody manages", put("usr/local/bin/hotfix", "#!/bin/sh\n"), []string{"file /usr/local/bin/hotfix"}},
	{
		"a file missing", do(func(at func(string) string) error { return os.Remove(at("etc/app.obsolete")) }),
		[]string{"file /etc/app.obsolete"},
	},
	{"a file become a folder", do(func(at func(string) string) error {
		if err := os.Remove(at("etc/app.obsolete")); err != nil {
			return err
		}
		return os.Mkdir(at("etc/app.obsolete"), 0o755)
	}), []string{"file /etc/app.obsolete"}},
	{"a user added", replace("etc/passwd", "app:", "guest:x:1001:997::/home:/bin/sh\napp:"), []string{"user guest"}},
	{"a user's shell changed", replace("etc/passwd", "/usr/sbin/nologin", "/bin/bash"), []string{"user app"}},
	{"a password set", replace("etc/shadow", "postgres:!", "postgres:$y$x"), []string{"user postgres"}},
	{"a group changed", replace("etc/group", "root,app", "root"), []string{"group operators"}},
	{"a process extra", do(func(at func(string) string) error {
		return os.WriteFile(at("proc/11/cmdline"), []byte("miner\x00-q"), 0o644)
	}), []string{"process root miner -q", "process root runsv cron"}},
	{"a process missing", do(func(at func(string) string) error { return os.RemoveAll(at("proc/30")) }), []string{
		"process postgres postgres -D /var/lib/postgresql", "socket tcp 127.0.0.1:ephemeral",
	}},
	{
		"a service enabled", do(func(at func(string) string) error { return os.Remove(at("etc/sv/app/down")) }),
		[]string{"file /etc/sv/app/down", "service runit app"},
	},
	{"a service disabled", do(func(at func(string) string) error {
		return os.Remove(at("etc/systemd/system/multi-user.target.wants/app.service"))
	}), []string{
		"file /etc/systemd/system/multi-user.target.wants/app.service",
		"service systemd app.service in multi-user.target.wants",
	}},
	{
		"a cron line", put("var/spool/cron/crontabs/app", "0 3 * * * backup\n0 4 * * * backup --all\n"),
		[]string{"cron /var/spool/cron/crontabs/app: 0 4 * * * backup --all"},
	},
	{
		"a socket that listens", replace("proc/net/tcp", "00000000:1F90", "00000000:1F91"),
		[]string{"socket tcp 0.0.0.0:8080", "socket tcp 0.0.0.0:8081"},
	},
	{"a socket held by another program", do(func(at func(string) string) error {
		return os.Rename(at("proc/20/fd/3"), at("proc/12/fd/9"))
	}), []string{"socket tcp [::]:22"}},
	{
		"a mount", replace("proc/self/mountinfo", "1003 1001 0:66 / /mnt/my\\040disk ro", "1003 1001 0:66 / /mnt/my\\040disk rw"),
		[]string{"mount /mnt/my disk"},
	},
	{"a root that can only be read", replace("proc/self/mountinfo", "/ / rw,relatime master:300 - overlay overlay rw",
		"/ / ro,relatime master:300 - overlay overlay ro"), []string{"mount /"}},
	{"a sysctl", put("proc/sys/net/ipv4/ip_forward", "0\n"), []string{"setting net.ipv4.ip_forward"}},
	{"a resolver", replace("etc/resolv.conf", "10.201.1.53", "10.201.1.54"), []string{"resolver nameserver"}},
	{"hosts", replace("etc/hosts", "node-2 other", "node-2"), []string{"file /etc/hosts"}},
}

// Goal: each of more than 20 differences of different kinds is found, and nothing besides it.
// Method: plant one at a time in a copy of the machine, and compare the traits before and after. What
// the network has of its own is planted in package node, and all of it on a real machine in scenarios/drift.
func TestEveryPlantIsFound(t *testing.T) {
	for _, plant := range plants {
		t.Run(plant.name, func(t *testing.T) {
			if plant.name == "an owner changed" && os.Geteuid() != 0 {
				t.Skip("only root can give a file away")
			}
			inspector, root := machine(t)
			before := harness.Fingerprint{Traits: traits(t, inspector, "/srv/data")}
			plant.make(t, root)
			after := harness.Fingerprint{Traits: traits(t, inspector, "/srv/data")}
			var shown []string
			for _, difference := range drift.Compare(before, after) {
				shown = append(shown, string(difference.Kind)+" "+difference.Key)
			}
			if !slices.Equal(shown, plant.shows) {
				t.Errorf("what shows is %q, want %q", shown, plant.shows)
			}
		})
	}
}

// Goal: what differs by chance between two installations of one thing does not show, and nothing that
// looks like it and was chosen does. Method: texts of both kinds.
func TestWithoutChance(t *testing.T) {
	for text, want := range map[string]string{
		"nomad logmon 6bd29c2b-3a0e-4c0b-8d9e-2f4a5f0b8a11 x":         "nomad logmon * x",
		"shim -id 8f1d4c2b90aa7e318f1d4c2b90aa7e31":                   "shim -id *",
		"port 1234567890123":                                          "port 1234567890123",
		"deadbeef":                                                    "deadbeef",
		"/var/lib/nomad/alloc/6bd29c2b-3a0e-4c0b-8d9e-2f4a5f0b8a11/x": "/var/lib/nomad/alloc/*/x",
		"facade-decade-added":                                         "facade-decade-added",
	} {
		if got := withoutChance(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
