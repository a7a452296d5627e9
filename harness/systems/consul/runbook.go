package consul

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// configurationFolder is where every node has Consul's configuration.
const configurationFolder = "/etc/consul.d"

// StopRenumberStart stops every Consul server, writes the new addresses into the configuration, and
// starts them again. That is enough when all addresses changed: Consul's Raft finds its peers by
// their ids, through gossip.
func StopRenumberStart() harness.Runbook { return runbook.Renumbering{Service: Agents()} }

// Agents are Consul's on every node that runs it, for the procedures of package runbook.
func Agents() runbook.Service {
	return runbook.Service{
		Product: "Consul",
		Roles:   []string{ServerRole},
		Folder:  configurationFolder,
		Rename:  rename,
		Answers: func(ctx context.Context, observer harness.Observer, node string) error {
			// The server's own view of who leads; "nobody" is an answer too.
			_, err := knownLeader(ctx, observer, node)
			return err
		},
	}
}

// nameField is the agent's name in its configuration. The file is edited as a person would, one
// value, so that what a runbook changed can be seen in a diff.
var nameField = regexp.MustCompile(`"node_name"(\s*):(\s*)"[^"]*"`)

// rename gives the agent another name in its configuration.
func rename(file harness.File, name string) ([]byte, error) {
	if !nameField.Match(file.Data) {
		return nil, errors.New(`no field "node_name"`)
	}
	field := fmt.Sprintf(`"node_name"${1}:${2}%s`, strconv.Quote(name))
	return nameField.ReplaceAll(file.Data, []byte(field)), nil
}
