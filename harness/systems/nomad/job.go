package nomad

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/reprise-dr/reprise/harness"
)

// CanaryName is the name of the canary's job and of its service in Consul.
const CanaryName = "canary"

// AddressMeta is the key of a Nomad client's metadata that holds the address its services are
// registered under in Consul. Fixtures set it to the node's IPv6 address.
const AddressMeta = "service_address"

// The waits of [Run].
var (
	waitForLeader = harness.Wait{For: "a Nomad leader", Interval: 250 * time.Millisecond, Limit: time.Minute}
	// waitForClient is the patience with a client before its agent is restarted.
	waitForClient     = harness.Wait{For: "a Nomad client", Interval: 250 * time.Millisecond, Limit: 3 * time.Second}
	waitForAllocation = harness.Wait{For: "the job to run", Interval: 250 * time.Millisecond, Limit: time.Minute}
)

const (
	runWithin = 2 * time.Minute // all of Run
	oneAsk    = 2 * time.Second // one question to the servers
)

// datacenter is the default one of every agent.
const datacenter = "dc1"

// defaultPriority is Nomad's own. Servers before 1.4 refuse a job that comes without one.
const defaultPriority = 50

// Canary is a job that runs one small HTTP server without isolation (driver raw_exec) and registers
// it in Consul under its client's IPv6 address. It outlives the agent that started it, as services
// do in production.
//
// The address comes from the client's metadata ([AddressMeta]) and not from the allocation, which
// would keep the address of the day it was placed for as long as it lives.
func Canary(port uint16) *api.Job {
	task := api.NewTask("server", "raw_exec")
	task.SetConfig("command", harness.AgentPath)
	task.SetConfig("args", []string{"canary", "-listen", fmt.Sprintf("[::]:%d", port)})
	task.Require(&api.Resources{CPU: pointer(50), MemoryMB: pointer(32)})

	group := api.NewTaskGroup("canary", 1).AddTask(task)
	group.Services = []*api.Service{{
		Name:        CanaryName,
		Provider:    api.ServiceProviderConsul,
		AddressMode: "auto",
		Address:     "${meta." + AddressMeta + "}",
		PortLabel:   fmt.Sprint(port),
	}}

	job := api.NewServiceJob(CanaryName, CanaryName, api.GlobalRegion, defaultPriority)
	job.Datacenters = []string{datacenter}
	return job.AddTaskGroup(group)
}

// Run registers the job as soon as a client is ready for it and waits until an allocation runs. It
// gives up after 2 min with the last thing that was missing.
//
// Machines that boot together make a client wait: one that found no leader yet, or no Consul, looks
// again only after 15 to 25 s. Run does what an operator would and restarts that agent.
func Run(ctx context.Context, operator harness.Operator, job *api.Job) error {
	ctx, cancel := context.WithTimeout(ctx, runWithin)
	defer cancel()
	if err := awaitClient(ctx, operator, needsConsul(job)); err != nil {
		return err
	}
	// A registration that came through and was not answered is repeated: that changes nothing.
	err := waitForLeader.Until(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, oneAsk)
		defer cancel()
		return freshAPI.Write(ctx, operator, 0, func(ctx context.Context, client *api.Client) error {
			return register(ctx, client, job)
		})
	})
	if err != nil {
		return fmt.Errorf("register job %s: %w", *job.ID, err)
	}
	return waitForAllocation.Until(ctx, asking(operator, func(ctx context.Context, client *api.Client) error {
		return runs(ctx, client, *job.ID)
	}))
}

// asking makes a condition of a question to the servers.
func asking(observer harness.Observer, ask func(ctx context.Context, client *api.Client) error) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, oneAsk)
		defer cancel()
		return askAny(ctx, observer, ask)
	}
}

// awaitClient waits for a leader, then for a client that can be given work, and restarts the clients'
// agents when they keep it waiting.
func awaitClient(ctx context.Context, operator harness.Operator, withConsul bool) error {
	err := waitForLeader.Until(ctx, asking(operator, func(ctx context.Context, client *api.Client) error {
		_, _, err := client.Nodes().List(fromLeader(ctx))
		return err
	}))
	if err != nil {
		return err
	}
	for {
		err := waitForClient.Until(ctx, asking(operator, func(ctx context.Context, client *api.Client) error {
			return usableClient(ctx, client, withConsul)
		}))
		if err == nil || ctx.Err() != nil {
			return err
		}
		clients := Agents()
		clients.Roles = []string{ClientRole}
		for _, step := range []harness.Step{clients.Stop(), clients.Start(), clients.AwaitAnswers()} {
			if err := step.Do(ctx, operator); err != nil {
				return fmt.Errorf("%s: %w", step.Name, err)
			}
		}
	}
}

// needsConsul tells whether the job registers a service in Consul: Nomad then places it only on
// clients that have seen their Consul agent.
func needsConsul(job *api.Job) bool {
	for _, group := range job.TaskGroups {
		for _, service := range group.Services {
			if service.Provider == "" || service.Provider == api.ServiceProviderConsul {
				return true
			}
		}
	}
	return false
}

// usableClient claims that a client can be given work.
func usableClient(ctx context.Context, client *api.Client, withConsul bool) error {
	nodes, _, err := client.Nodes().List(fromLeader(ctx))
	if err != nil {
		return err
	}
	err = errors.New("no client has registered")
	for _, node := range nodes {
		if node.Status != api.NodeStatusReady {
			err = fmt.Errorf("%s is %s", node.Name, node.Status)
			continue
		}
		details, _, failure := client.Nodes().Info(node.ID, fromLeader(ctx))
		if failure != nil {
			return failure
		}
		if !withConsul || details.Attributes["consul.version"] != "" {
			return nil
		}
		err = fmt.Errorf("%s has not seen Consul", node.Name)
	}
	return err
}

func pointer[T any](value T) *T { return &value }
