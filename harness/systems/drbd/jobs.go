package drbd

import (
	"context"
	"path"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// Where a machine's supervisor looks for jobs, and where those lie that it does not run.
const (
	jobsFolder  = "/etc/service"
	spareFolder = "/etc/jobs"
)

// Journal is a job of a pair's machines that writes a log on the replicated disk, and keeps it open. It is not
// started by itself.
const Journal = "journal"

// journalFile is the log.
const journalFile = mountPoint + "/messages"

// startJob has the machine's supervisor run a job, and start it again whenever it ends.
func startJob(ctx context.Context, operator harness.Operator, node, job string) error {
	err := steps(ctx, operator, node, []string{"ln", "-s", path.Join(spareFolder, job), path.Join(jobsFolder, job)})
	if err != nil {
		return err
	}
	return waitForJob.Until(ctx, func(ctx context.Context) error {
		return steps(ctx, operator, node, []string{"test", "-s", journalFile})
	})
}

// RemoveJob has the machine's supervisor stop a job and forget it: one that is only killed is started again, and
// holds the disk as before.
func RemoveJob(node, job string) harness.Runbook {
	name := "remove the job " + job + " from " + node
	return runbook.Of(name, harness.Step{Name: name, Do: func(ctx context.Context, operator harness.Operator) error {
		at := path.Join(jobsFolder, job)
		return steps(ctx, operator, node, []string{"sv", "force-stop", at}, []string{"rm", at})
	}})
}
