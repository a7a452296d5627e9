package contracts

import (
	"context"
	"errors"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/postgres"
	"github.com/reprise-dr/reprise/harness/systems/s3"
)

const questionsLabel = "questions"

// What the servers of SQL and S3 keep.
var (
	primary = postgres.Database{Node: fixtures.QuestionsSQL}
	standby = postgres.Database{Node: fixtures.QuestionsStandby}
	bucket  = s3.Bucket{
		Node: fixtures.QuestionsS3, Port: fixtures.QuestionsS3Port, Name: "contract",
		AccessKey: fixtures.QuestionsS3Access, SecretKey: fixtures.QuestionsS3Secret,
	}
)

// rows is the table, and objects the prefix, of the ledgers.
const rows, objects = "contract", "ledger"

var _ = Describe("On servers of SQL and S3", Label(questionsLabel), Ordered, ContinueOnFailure, func() {
	run(fixtures.QuestionsReplicating(), questionsParts, func(ctx context.Context, cluster *lab.Lab) error {
		err := errors.Join(
			peace(postgres.TakesWrites(primary), postgres.Streams(standby))(ctx, cluster),
			postgres.CreateTable(ctx, cluster, primary, rows))
		if err != nil {
			return err
		}
		return waitForPeace.Until(ctx, func(ctx context.Context) error { return s3.CreateBucket(ctx, cluster, bucket) })
	})
})

func questionsParts(cluster func() *lab.Lab) parts {
	return parts{
		probes: []labtest.ProbeCase{
			{Probe: postgres.Answers(primary)},
			{Probe: postgres.TakesWrites(primary)},
			{Probe: postgres.ReadOnly(standby)},
			{Probe: postgres.Streams(standby)},
			{Probe: postgres.LagsLessThan(standby, primary, time.Second)},
			{Probe: s3.Answers(bucket)},
			{Probe: s3.TakesWrites(bucket)},
		},
		ledgers: []labtest.LedgerCase{
			{Ledger: postgres.Table(primary, rows), Lose: func(ctx context.Context, entry int) error {
				return deleteRows(ctx, cluster(), fmt.Sprintf("%s where entry = %d", rows, entry))
			}},
			{Ledger: s3.Objects(bucket, objects), Lose: func(ctx context.Context, entry int) error {
				return cluster().RemoveFile(ctx, fixtures.QuestionsS3, fmt.Sprintf("/srv/s3/%s/%s/%d", bucket.Name, objects, entry))
			}},
		},
		runbooks: []labtest.RunbookCase{
			{Runbook: postgres.Promote(standby), Promises: harness.All(postgres.TakesWrites(standby))},
		},
	}
}

// deleteRows has PostgreSQL's own client delete rows on the server.
func deleteRows(ctx context.Context, cluster *lab.Lab, rows string) error {
	_, err := cluster.Exec(ctx, fixtures.QuestionsSQL, "psql", "--host=127.0.0.1", "--username=postgres",
		"--command=delete from "+rows)
	return err
}
