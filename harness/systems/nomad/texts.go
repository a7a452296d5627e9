package nomad

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/nomad/api"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
)

// mostJobs bounds how many specifications are read: each is a question of its own.
const mostJobs = 300

// JobTexts are the specifications of Nomad's jobs as JSON by the jobs' names, for a search for old
// addresses ([drill.Drill.AlsoSearch]). The leader answers. More than 300 jobs are an error beside the
// first 300.
func JobTexts() drift.MentionSource { return jobTexts{} }

type jobTexts struct{}

func (jobTexts) Name() string { return "nomad job" }

func (jobTexts) Texts(ctx context.Context, observer harness.Observer) (map[string]string, error) {
	found, listed := map[string]string{}, 0
	err := freshAPI.Read(observer, func(client *api.Client) error {
		jobs, _, err := client.Jobs().List(fromLeader(ctx))
		if err != nil {
			return err
		}
		listed = len(jobs)
		for _, job := range jobs[:min(mostJobs, len(jobs))] {
			specification, _, err := client.Jobs().Info(job.ID, fromLeader(ctx))
			if err != nil {
				return fmt.Errorf("read job %s: %w", job.ID, err)
			}
			text, err := json.MarshalIndent(specification, "", " ")
			if err != nil {
				return fmt.Errorf("write job %s down: %w", job.ID, err)
			}
			found[job.ID] = string(text)
		}
		return nil
	})
	if err == nil && listed > mostJobs {
		err = fmt.Errorf("there are %d jobs: only %d of them were read", listed, mostJobs)
	}
	return found, err
}
