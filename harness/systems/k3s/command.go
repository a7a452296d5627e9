package k3s

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// configFolder is where k3s finds config.yaml and, in config.yaml.d, additions to it that count more. What
// is on the command line counts most.
const configFolder = "/etc/rancher/k3s"

// joinFile is the addition that makes a server join another one.
const joinFile = configFolder + "/config.yaml.d/90-rejoin.yaml"

// defaultDataDir is where k3s keeps its state unless told otherwise.
const defaultDataDir = "/var/lib/rancher/k3s"

// apiPort is where servers let others join.
const apiPort = 6443

// A command is how a node runs k3s as a server.
type command struct {
	argv        []string // "k3s", "server", ...
	environment map[string]string
}

// serverCommand is the command of a node, which has to run k3s as its main process.
func serverCommand(observer harness.Observer, name string) (command, error) {
	node, known := observer.Topology().Node(name)
	if !known {
		return command{}, observer.Topology().UnknownNode(name)
	}
	argv := node.System.Command
	if len(argv) < 2 || path.Base(argv[0]) != "k3s" || argv[1] != "server" {
		return command{}, fmt.Errorf("the main process of %s is %q and not k3s server", name, strings.Join(argv, " "))
	}
	return command{argv: argv, environment: node.System.Environment}, nil
}

// flag is the last value of a flag, "" when it is not given.
func (c command) flag(names ...string) string {
	value := ""
	for i, word := range c.argv {
		for _, name := range names {
			if given, ok := strings.CutPrefix(word, name+"="); ok {
				value = given
			}
			if word == name && i+1 < len(c.argv) {
				value = c.argv[i+1]
			}
		}
	}
	return value
}

// without leaves a flag out, with its value.
func (c command) without(names ...string) []string {
	var kept []string
	for i := 0; i < len(c.argv); i++ {
		word := c.argv[i]
		if slices.Contains(names, word) {
			i++ // its value
			continue
		}
		if slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(word, name+"=") }) {
			continue
		}
		kept = append(kept, word)
	}
	return kept
}

// server is the URL of the server to join that the command or its environment names; "" leaves it to
// configuration files.
func (c command) server() string {
	if url := c.flag("--server", "-s"); url != "" {
		return url
	}
	return c.environment[serverVariable]
}

// serverVariable does the same as the flag --server.
const serverVariable = "K3S_URL"

// database is the folder of the datastore.
func (c command) database() string {
	folder := c.flag("--data-dir", "-d")
	if folder == "" {
		folder = defaultDataDir
	}
	return path.Join(folder, "server/db")
}

// reset is the command that makes the server the only member of its etcd, from its own data or from a
// snapshot. k3s refuses to do that as long as it is told of a server to join.
func (c command) reset(snapshot string) []string {
	argv := append(c.without("--server", "-s"), "--cluster-reset")
	if snapshot != "" {
		argv = append(argv, "--cluster-reset-restore-path="+snapshot)
	}
	if c.environment[serverVariable] != "" {
		argv = append([]string{"env", "-u", serverVariable}, argv...)
	}
	return argv
}

// snapshot is a command of k3s etcd-snapshot.
func (c command) snapshot(verb string, arguments ...string) []string {
	argv := []string{c.argv[0], "etcd-snapshot", verb}
	if folder := c.flag("--data-dir", "-d"); folder != "" {
		argv = append(argv, "--data-dir", folder)
	}
	return append(argv, arguments...)
}

// joins tells whether the command line itself makes the server join the given address. Any other name or
// address there wins over the configuration files that a runbook can write.
func (c command) joins(address netip.Addr) bool {
	joined, err := url.Parse(c.server())
	if err != nil {
		return false
	}
	at, err := netip.ParseAddr(joined.Hostname())
	return err == nil && at == address
}

// joinConfig is the file that makes a server without data join another one, even one that is told to found
// a cluster (--cluster-init).
func joinConfig(at netip.Addr) harness.File {
	server := "https://" + net.JoinHostPort(at.String(), fmt.Sprint(apiPort))
	return harness.File{Path: joinFile, Mode: 0o600, Data: []byte("server: " + server + "\n")}
}

// serverLine is the same in config.yaml: a line of its own at the top level.
var serverLine = regexp.MustCompile(`(?m)^server\s*:.*\n?`)

// forgetServer takes the server to join out of the node's configuration files.
func forgetServer(ctx context.Context, operator harness.Operator, node harness.Node) error {
	if err := operator.RemoveFile(ctx, node.Name, joinFile); err != nil {
		return err
	}
	edited := slices.ContainsFunc(node.System.Files, func(file harness.File) bool {
		return strings.HasPrefix(file.Path, configFolder+"/")
	})
	if !edited {
		return nil
	}
	return runbook.EditFiles(ctx, operator, node, configFolder, func(file harness.File) ([]byte, error) {
		return serverLine.ReplaceAll(file.Data, nil), nil
	})
}
