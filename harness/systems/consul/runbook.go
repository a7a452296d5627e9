package consul

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/maintenance"
)

// configurationFolder is where every node has Consul's configuration.
const configurationFolder = "/etc/consul.d"

// StopRenumberStart stops every Consul server, writes the new addresses into the configuration, and
// starts them again. That is enough when all addresses changed: Consul's Raft finds its peers by
// their ids, through gossip.
func StopRenumberStart() harness.Runbook { return Renumbering{} }

// Renumbering is the procedure of [StopRenumberStart] with its options.
type Renumbering struct {
	// Names gives nodes a new agent name while they are down: node -> new name.
	Names map[string]string
}

// Name names the procedure in reports.
func (r Renumbering) Name() string { return "consul: stop, renumber, start" }

// Steps are its steps.
func (r Renumbering) Steps() []harness.Step {
	all := service("")
	return []harness.Step{all.Stop(), all.Readdress(r.Names), all.Start(), all.AwaitAnswers()}
}

// Restart stops and starts the Consul server of one node.
func Restart(node string) harness.Runbook { return restart{node: node} }

type restart struct{ node string }

func (r restart) Name() string { return "consul: restart " + r.node }

func (r restart) Steps() []harness.Step {
	one := service(r.node)
	return []harness.Step{one.Stop(), one.Start(), one.AwaitAnswers()}
}

// MoveLive moves one Consul server to its node's new address while the others run: kill it (no
// goodbye to the cluster), write the new address into its own configuration only, start it at once.
type MoveLive struct {
	Node    string
	NewName string // of the agent; "" keeps its name, which the others refuse for a while
}

// Name names the procedure in reports.
func (m MoveLive) Name() string {
	if m.NewName == "" {
		return "consul: move " + m.Node + " under its old name"
	}
	return "consul: move " + m.Node + " as " + m.NewName
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

// service describes Consul to its procedures; only "" means every node that runs it.
func service(only string) maintenance.Service {
	return maintenance.Service{
		Product: "Consul",
		Roles:   []string{ServerRole},
		Only:    only,
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
