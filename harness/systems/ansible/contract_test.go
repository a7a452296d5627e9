package ansible

import (
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: a playbook does what all runbooks have to do but for its work. Method: the contract, on a machine in memory.
func TestContract(t *testing.T) {
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{{Name: "control-1"}}})
	t.Cleanup(machines.Close)
	c := labtest.RunbookCase{
		Runbook: Playbook{Control: "control-1", File: "/etc/ansible/site.yml", Limit: "blog-1"},
		Undone:  "machines in memory have no ansible-playbook",
	}
	labtest.Expect(t, labtest.TestRunbook(t.Context(), machines, c), "")
}
