package nomad

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/raft"
)

// Intervals of the ledgers. A job costs the servers more than a variable.
const (
	variablesInterval = 200 * time.Millisecond
	jobsInterval      = 500 * time.Millisecond
)

// Variables is a ledger of Nomad variables at path/0, path/1, ..., one every 200 ms. Servers have
// variables from Nomad 1.4 on; use [Jobs] before. Reading the entries back also decrypts one of
// them, since a cluster can keep its variables and lose the key to them.
func Variables(path string) harness.Ledger { return variables{path: path} }

type variables struct{ path string }

func (v variables) Name() string            { return "nomad variables " + v.path }
func (v variables) Interval() time.Duration { return variablesInterval }

func (v variables) Write(ctx context.Context, observer harness.Observer, entry int) error {
	return write(ctx, observer, entry, func(client *api.Client, options *api.WriteOptions) error {
		_, _, err := client.Variables().Update(&api.Variable{
			Path:  raft.Key(v.path, entry),
			Items: api.VariableItems{"entry": strconv.Itoa(entry)},
		}, options)
		return err
	})
}

func (v variables) Entries(ctx context.Context, observer harness.Observer) ([]int, error) {
	return read(observer, func(client *api.Client) ([]int, error) {
		listed, _, err := client.Variables().PrefixList(v.path+"/", fromLeader(ctx))
		if err != nil {
			return nil, err
		}
		var entries []int
		for _, variable := range listed {
			if entry, ok := raft.Entry(v.path, variable.Path); ok {
				entries = append(entries, entry)
			}
		}
		if len(entries) == 0 {
			return nil, nil
		}
		return entries, v.decrypts(ctx, client, entries[0])
	})
}

// decrypts reads one variable's content back.
func (v variables) decrypts(ctx context.Context, client *api.Client, entry int) error {
	path := raft.Key(v.path, entry)
	variable, _, err := client.Variables().Read(path, fromLeader(ctx))
	if err != nil {
		return fmt.Errorf("decrypt variable %s: %w", path, err)
	}
	if variable.Items["entry"] != strconv.Itoa(entry) {
		return fmt.Errorf("variable %s holds %q", path, variable.Items["entry"])
	}
	return nil
}

// Jobs is a ledger of job registrations prefix/0, prefix/1, ..., one every 500 ms. The jobs are
// parameterized and never dispatched, so that they are kept in the servers' state and cost nothing
// else. Every version of Nomad can do that.
func Jobs(prefix string) harness.Ledger { return jobs{prefix: prefix} }

type jobs struct{ prefix string }

func (j jobs) Name() string            { return "nomad jobs " + j.prefix }
func (j jobs) Interval() time.Duration { return jobsInterval }

func (j jobs) Write(ctx context.Context, observer harness.Observer, entry int) error {
	name := raft.Key(j.prefix, entry)
	job := api.NewBatchJob(name, name, api.GlobalRegion, defaultPriority)
	job.Datacenters = []string{datacenter}
	job.ParameterizedJob = &api.ParameterizedJobConfig{Payload: "optional"}
	task := api.NewTask("never", "raw_exec")
	task.SetConfig("command", "/bin/true")
	job.AddTaskGroup(api.NewTaskGroup("never", 1).AddTask(task))
	return write(ctx, observer, entry, func(client *api.Client, options *api.WriteOptions) error {
		_, _, err := client.Jobs().Register(job, options)
		return err
	})
}

func (j jobs) Entries(ctx context.Context, observer harness.Observer) ([]int, error) {
	return read(observer, func(client *api.Client) ([]int, error) {
		options := fromLeader(ctx)
		options.Prefix = j.prefix + "/"
		listed, _, err := client.Jobs().List(options)
		if err != nil {
			return nil, err
		}
		var entries []int
		for _, job := range listed {
			if entry, ok := raft.Entry(j.prefix, job.ID); ok {
				entries = append(entries, entry)
			}
		}
		return entries, nil
	})
}

// write writes an entry as [raft.Write] does.
func write(ctx context.Context, observer harness.Observer, entry int, put func(*api.Client, *api.WriteOptions) error) error {
	nodes, err := servers(observer)
	if err != nil {
		return err
	}
	return raft.Write(ctx, nodes, entry, func(ctx context.Context, node string) error {
		client, err := dial(observer, node)
		if err != nil {
			return err
		}
		return put(client, (&api.WriteOptions{}).WithContext(ctx))
	}, answer)
}

// answer is a raft.Answer.
func answer(err error) (status int, body string, answered bool) {
	var response api.UnexpectedResponseError
	if !errors.As(err, &response) {
		return 0, "", false
	}
	return response.StatusCode(), response.Body(), response.HasStatusCode()
}

// read lists entries by way of the first server that answers.
func read(observer harness.Observer, list func(*api.Client) ([]int, error)) ([]int, error) {
	nodes, err := servers(observer)
	if err != nil {
		return nil, err
	}
	var entries []int
	err = raft.Read(nodes, func(node string) error {
		client, err := dial(observer, node)
		if err != nil {
			return err
		}
		entries, err = list(client)
		return err
	})
	return entries, err
}
