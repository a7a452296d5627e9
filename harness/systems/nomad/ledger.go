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
func Variables(path string) harness.Ledger {
	return raft.Ledger[*api.Client]{
		API: freshAPI, Label: "nomad variables " + path, Every: variablesInterval,
		Put: func(ctx context.Context, client *api.Client, entry int) error {
			_, _, err := client.Variables().Update(&api.Variable{
				Path:  raft.Key(path, entry),
				Items: api.VariableItems{"entry": strconv.Itoa(entry)},
			}, (&api.WriteOptions{}).WithContext(ctx))
			return err
		},
		List: func(ctx context.Context, client *api.Client) ([]int, error) {
			listed, _, err := client.Variables().PrefixList(path+"/", fromLeader(ctx))
			if err != nil {
				return nil, err
			}
			entries := entriesIn(listed, path, func(variable *api.VariableMetadata) string { return variable.Path })
			if len(entries) == 0 {
				return nil, nil
			}
			return entries, decrypts(ctx, client, path, entries[0])
		},
	}
}

// entriesIn are the entries among things that have keys.
func entriesIn[T any](listed []T, prefix string, key func(T) string) []int {
	var entries []int
	for _, each := range listed {
		if entry, ok := raft.Entry(prefix, key(each)); ok {
			entries = append(entries, entry)
		}
	}
	return entries
}

// decrypts reads one variable's content back.
func decrypts(ctx context.Context, client *api.Client, prefix string, entry int) error {
	path := raft.Key(prefix, entry)
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
func Jobs(prefix string) harness.Ledger {
	return raft.Ledger[*api.Client]{
		API: freshAPI, Label: "nomad jobs " + prefix, Every: jobsInterval,
		Put: func(ctx context.Context, client *api.Client, entry int) error {
			return register(ctx, client, neverRun(raft.Key(prefix, entry)))
		},
		List: func(ctx context.Context, client *api.Client) ([]int, error) {
			options := fromLeader(ctx)
			options.Prefix = prefix + "/"
			listed, _, err := client.Jobs().List(options)
			return entriesIn(listed, prefix, func(job *api.JobListStub) string { return job.ID }), err
		},
	}
}

// neverRun is a job that waits to be dispatched.
func neverRun(name string) *api.Job {
	job := api.NewBatchJob(name, name, api.GlobalRegion, defaultPriority)
	job.Datacenters = []string{datacenter}
	job.ParameterizedJob = &api.ParameterizedJobConfig{Payload: "optional"}
	task := api.NewTask("never", "raw_exec")
	task.SetConfig("command", "/bin/true")
	return job.AddTaskGroup(api.NewTaskGroup("never", 1).AddTask(task))
}

func register(ctx context.Context, client *api.Client, job *api.Job) error {
	_, _, err := client.Jobs().Register(job, (&api.WriteOptions{}).WithContext(ctx))
	return err
}

// answer is a raft.Answer.
func answer(err error) (status int, body string, answered bool) {
	var response api.UnexpectedResponseError
	if !errors.As(err, &response) {
		return 0, "", false
	}
	return response.StatusCode(), response.Body(), response.HasStatusCode()
}
