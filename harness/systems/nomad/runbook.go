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
func StopRenumberStart() harness.Runbook { return runbook.Renumbering{Service: Agents()} }

// Agents are Nomad's on every node that runs it, for the procedures of package runbook. Tasks go on when theirs is stopped.
func Agents() runbook.Service {
	return runbook.Service{
		Product: "Nomad",
		Roles:   []string{ServerRole, ClientRole},
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
