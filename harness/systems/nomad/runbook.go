package nomad

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/maintenance"
)

// configurationFolder is where every node has Nomad's configuration.
const configurationFolder = "/etc/nomad.d"

// StopRenumberStart stops every Nomad agent, writes the new addresses into the configuration, and
// starts them again. It is what ought to be enough when all addresses changed, and is not: the
// servers' Raft logs still name the old peers. See [PeersJSON].
func StopRenumberStart() harness.Runbook { return Renumbering{} }

// Renumbering is the procedure of [StopRenumberStart] with its options.
type Renumbering struct {
	// Names gives nodes a new agent name while they are down: node -> new name.
	Names map[string]string
}

// Name names the procedure in reports.
func (r Renumbering) Name() string { return "nomad: stop, renumber, start" }

// Steps are its steps.
func (r Renumbering) Steps() []harness.Step {
	all := service("")
	return []harness.Step{all.Stop(), all.Readdress(r.Names), all.Start(), all.AwaitAnswers()}
}

// Restart stops and starts the Nomad agent of one node. Its tasks go on.
func Restart(node string) harness.Runbook { return restart{node: node} }

type restart struct{ node string }

func (r restart) Name() string { return "nomad: restart " + r.node }

func (r restart) Steps() []harness.Step {
	one := service(r.node)
	return []harness.Step{one.Stop(), one.Start(), one.AwaitAnswers()}
}

// MoveLive moves one Nomad agent to its node's new address while the others run: kill it (no
// goodbye to the cluster), write the new address into its own configuration only, start it at once.
type MoveLive struct {
	Node    string
	NewName string // of the agent; "" keeps its name, which the others refuse for a while
}

// Name names the procedure in reports.
func (m MoveLive) Name() string {
	if m.NewName == "" {
		return "nomad: move " + m.Node + " under its old name"
	}
	return "nomad: move " + m.Node + " as " + m.NewName
}

// Steps are its steps.
func (m MoveLive) Steps() []harness.Step {
	one := service(m.Node)
	var names map[string]string
	if m.NewName != "" {
		names = map[string]string{m.Node: m.NewName}
	}
	return []harness.Step{one.Kill(), one.Readdress(names), one.Start(), one.AwaitAnswers()}
}

// service describes Nomad to its procedures; only "" means every node that runs it.
func service(only string) maintenance.Service {
	return maintenance.Service{
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
