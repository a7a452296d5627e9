package traefik

import (
	"context"
	"errors"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/systems/role"
)

// ProxyRole is the role of the nodes that run Traefik.
const ProxyRole = role.Proxy

// configurationFolder is where every node has Traefik's static configuration.
const configurationFolder = "/etc/traefik"

// errNone is what the API has never heard of.
var errNone = errors.New("there is none")

// StopRenumberStart stops every Traefik, writes the new addresses into its static configuration, that of its backend among them,
// and starts it again: it reads that file only then. A Traefik that does not reach its backend when it starts has no routes.
func StopRenumberStart() harness.Runbook { return runbook.Renumbering{Service: Agents()} }

// Agents are Traefik's on every node that runs it, for the procedures of package runbook.
func Agents() runbook.Service {
	return runbook.Service{
		Product: "Traefik",
		Roles:   []string{ProxyRole},
		Folder:  configurationFolder,
		Answers: func(ctx context.Context, observer harness.Observer, node string) error {
			var version struct{}
			return ask(ctx, observer, node, "/api/version", &version)
		},
	}
}
