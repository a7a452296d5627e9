package singlenode

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
)

// bucket is where the S3 server keeps the backups.
const bucket = "/srv/s3/" + fixtures.BlogBucket

// backUp does what cron does every night.
func backUp(ctx context.Context, operator harness.Operator) error {
	_, err := operator.Exec(ctx, fixtures.BlogMachine, "backup")
	return err
}

// canBeRestored restores the newest backup into an empty SQLite and an empty PostgreSQL.
func canBeRestored(ctx context.Context, operator harness.Operator) error {
	_, err := operator.Exec(ctx, fixtures.BlogMachine, "restore-check", "latest")
	return err
}

// databasesIntact has both databases check themselves.
func databasesIntact(ctx context.Context, operator harness.Operator) error {
	found, err := operator.Exec(ctx, fixtures.BlogMachine, "sqlite3", "/srv/blog/data.db", "pragma integrity_check")
	if err != nil {
		return err
	}
	if text := string(bytes.TrimSpace(found)); text != "ok" {
		return fmt.Errorf("SQLite is damaged: %s", text)
	}
	// Dumping reads every row of every table.
	_, err = operator.Exec(ctx, fixtures.BlogMachine, "kubectl", "--namespace="+fixtures.BlogNamespace, "exec",
		"deployment/postgresql", "--",
		"sh", "-c", "pg_dumpall --username=comments >/dev/null")
	return err
}

// spoiltRestored is the rehearsal that must fail.
const spoiltRestored = "restoring the spoilt backup into empty databases"

// A spoiling is one way in which a backup lets people down.
type spoiling struct {
	script string // of what happens to the file "$1"
	says   string // what the check says of it
}

var (
	truncated = spoiling{
		script: `truncate --size=$(($(stat --format=%s "$1") / 2)) "$1"`,
		says:   "is not a whole gzip file",
	}
	wrongContent = spoiling{
		script: `size=$(stat --format=%s "$1") && folder=$(mktemp -d) && cd "$folder" && tar --extract --gzip --file="$1" comments.sql &&
			echo 'not what was backed up' >data.db && tar --create --gzip --file=backup data.db comments.sql &&
			truncate --size="$size" backup && cat backup >"$1"`,
		says: "its data.db cannot be read by SQLite",
	}
)

var _ = Describe("A backup that cannot be restored", Label("k3s", "backup", postmortem), func() {
	DescribeTable("is red before disaster strikes", func(ctx SpecContext, spoiling spoiling) {
		drill := begin(ctx, harness.Objective{RTO: 30 * time.Minute, RPO: dayOfWrites})
		drill.Claim(harness.Missed, "a backup that was never restored is a hope: the rehearsal finds out before the disaster does",
			harness.RehearsalFailed.Of(spoiltRestored))
		steady := harness.All(pageServed(), commentsServed())

		drill.Peace(ctx, steady, writes())
		By("backing up, and seeing that the backup can be restored")
		Expect(backUp(ctx, drill.Lab)).To(Succeed())
		Expect(drill.Rehearse(ctx, "restoring the backup into empty databases", canBeRestored)).To(Succeed())
		By("spoiling what lies in the bucket")
		spoil(ctx, drill.Lab, spoiling)
		Expect(drill.Rehearse(ctx, spoiltRestored, canBeRestored)).
			To(MatchError(ContainSubstring(spoiling.says)))
		By("judging: nobody should break what cannot be repaired")
		Expect(drill.Judge()).To(Succeed())
	},
		Entry("truncated", truncated, SpecTimeout(10*time.Minute)),
		Entry("of the right size and the wrong content", wrongContent, SpecTimeout(10*time.Minute)),
	)
})

// spoil changes the newest backup in the bucket, in place: the server keeps what it knows of an object with
// the file.
func spoil(ctx context.Context, operator harness.Operator, spoiling spoiling) {
	GinkgoHelper()
	listed, err := operator.Exec(ctx, fixtures.BlogS3, "ls", bucket)
	Expect(err).NotTo(HaveOccurred())
	names := strings.Fields(string(listed))
	Expect(names).NotTo(BeEmpty(), "the bucket is empty")
	newest := path.Join(bucket, names[len(names)-1])
	_, err = operator.Exec(ctx, fixtures.BlogS3, "bash", "-c", "set -o pipefail; "+spoiling.script, "bash", newest)
	Expect(err).NotTo(HaveOccurred())
}
