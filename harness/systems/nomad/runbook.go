package nomad

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// configurationFolder is where every node has Nomad's configuration.
const configurationFolder = "/etc/nomad.d"

// StopRenumberStart stops every Nomad agent, writes the new addresses into the configuration, and
// starts them again. It is what ought to be enough when all addresses changed, and is not: the
// servers' Raft logs still name the old peers. See [PeersJSON].
func StopRenumberStart() harness.Runbook { return Renumber(nil) }

// Renumber is [StopRenumberStart] that gives nodes a new agent name while they are down: node -> new name.
func Renumber(names map[string]string) harness.Runbook {
	return runbook.Renumbering{Service: service(""), Names: names}
}

// Restart stops and starts the Nomad agent of one node. Its tasks go on.
func Restart(node string) harness.Runbook { return runbook.Restart{Service: service(node)} }

// MoveLive moves the Nomad agent of a node to the node's new address while the others run; see [runbook.MoveLive]. A new
// name of "" keeps its name.
func MoveLive(node, newName string) harness.Runbook {
	return runbook.MoveLive{Service: service(node), NewName: newName}
}

// service describes Nomad to its procedures; only "" means every node that runs it.
func service(only string) runbook.Service {
	return runbook.Service{
		Product: "Nomad",
		Roles:   []string{ServerRole, ClientRole},
		Only:    only,
		Folder:  configurationFolder,
		Rename:  rename,
		Answers: func(ctx context.Context, observer harness.Observer, node string) error {
			client, err := dial(observer, node)
			if err != nil {
				return err
			}
			// Unlike /v1/status/leader this is answered by the agent itself, leader or not.
			_, err = client.Raw().Query("/v1/agent/self", new(map[string]any), stale(ctx))
			return err
		},
	}
}

// nameLine is the agent's name in its configuration: a line of its own at the top level, which the
// fixtures do not indent.
var nameLine = regexp.MustCompile(`(?m)^name(\s*)=\s*"[^"]*"`)

// rename gives the agent another name in its configuration.
func rename(file harness.File, name string) ([]byte, error) {
	if !nameLine.Match(file.Data) {
		return nil, errors.New(`no line name = "..."`)
	}
	line := fmt.Sprintf("name${1}= %s", strconv.Quote(name))
	return nameLine.ReplaceAll(file.Data, []byte(line)), nil
}
