package runbook

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// A claim is a probe that a function answers.
type claim func(ctx context.Context, observer harness.Observer) error

func (claim) Name() string          { return "what is promised" }
func (claim) Period() time.Duration { return time.Second }

func (c claim) Check(ctx context.Context, observer harness.Observer) error { return c(ctx, observer) }

// runs claims that a node's main process runs, or does not.
func runs(node string, running bool) []harness.Probe {
	return []harness.Probe{claim(func(ctx context.Context, observer harness.Observer) error {
		status, err := observer.Status(ctx, node)
		if err == nil && status.Running != running {
			err = errors.New("it does not")
		}
		return err
	})}
}

// Goal: every procedure does what all of them have to do. Method: the contract, on machines in memory and a fake clock.
func TestContract(t *testing.T) {
	ask := func(ctx context.Context, operator harness.Operator) error {
		if _, err := operator.Status(ctx, "nomad-1"); err != nil {
			return err
		}
		return errors.New("only with a majority")
	}
	refused := Of("ask for the impossible", harness.Step{Name: "ask", Do: ask})
	for name, c := range map[string]labtest.RunbookCase{
		"renumbering": {Runbook: Renumbering{Service: agents()}, Promises: runs("client-1", true)},
		"restart":     {Runbook: Restart{Service: agents().On("nomad-1")}, Promises: runs("nomad-1", true)},
		"move live":   {Runbook: MoveLive{Service: agents().On("nomad-2"), NewName: "new"}, Promises: runs("nomad-2", true)},
		"power on":    {Runbook: PowerOn{Node: "nomad-1"}, Promises: runs("nomad-1", true)},
		"power off":   {Runbook: PowerOff{Node: "nomad-1"}, Promises: runs("nomad-1", false)},
		"power cycle": {Runbook: PowerCycle{Node: "nomad-1"}, Promises: runs("nomad-1", true)},
		"reinstall":   {Runbook: Reinstall{Node: "nomad-1", Declared: time.Hour}, Promises: runs("nomad-1", true)},
		"refusal":     {Runbook: ExpectError{Runbook: refused, With: "a majority"}},
		"steps":       {Runbook: Of("look for a process", Exec("look", "nomad-1", "pgrep", "-x", "ospfd"))},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lab := machines(t)
				for _, node := range lab.Topology().Nodes {
					lab.Renumber(node.Name, harness.Addresses{IPv6: netip.MustParseAddr("fd00:d2::1")})
					lab.Process(node.Name, "ospfd")
					lab.Serve(node.Name, apiAddress, http.NotFoundHandler())
				}
				labtest.Expect(t, labtest.TestRunbook(t.Context(), lab, c), "")
				lab.Close()
			})
		})
	}
}
