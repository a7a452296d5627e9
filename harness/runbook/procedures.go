package runbook

import (
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// Renumbering stops every agent of a service, writes the new addresses into the configuration, and starts them again.
type Renumbering struct {
	Service Service
	Names   map[string]string // new agent names, by node; a node that is not in it keeps its own
}

// Name names the procedure in reports.
func (r Renumbering) Name() string {
	name := r.Service.product() + ": stop, renumber, start"
	if r.Service.Only != "" {
		name += " on " + r.Service.Only
	}
	return name
}

// Steps are its steps.
func (r Renumbering) Steps() []harness.Step {
	return []harness.Step{r.Service.Stop(), r.Service.Readdress(r.Names), r.Service.Start(), r.Service.AwaitAnswers()}
}

// Restart stops and starts the agent of the one node that the service is limited to.
type Restart struct{ Service Service }

// Name names the procedure in reports.
func (r Restart) Name() string { return r.Service.product() + ": restart " + r.Service.Only }

// Steps are its steps.
func (r Restart) Steps() []harness.Step {
	return []harness.Step{r.Service.Stop(), r.Service.Start(), r.Service.AwaitAnswers()}
}

// MoveLive moves the agent of the one node that the service is limited to to that node's new address while the others run: kill
// it, so that it does not tell the cluster, write the new address into its own configuration only, start it at once.
type MoveLive struct {
	Service Service
	NewName string // of the agent; "" keeps its name, which the others refuse for a while
}

// Name names the procedure in reports.
func (m MoveLive) Name() string {
	name := m.Service.product() + ": move " + m.Service.Only
	if m.NewName == "" {
		return name + " under its old name"
	}
	return name + " as " + m.NewName
}

// Steps are its steps.
func (m MoveLive) Steps() []harness.Step {
	var names map[string]string
	if m.NewName != "" {
		names = map[string]string{m.Service.Only: m.NewName}
	}
	return []harness.Step{m.Service.Kill(), m.Service.Readdress(names), m.Service.Start(), m.Service.AwaitAnswers()}
}

// product begins the names of procedures.
func (s Service) product() string { return strings.ToLower(s.Product) }
