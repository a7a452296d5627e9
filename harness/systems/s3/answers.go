package s3

import (
	"context"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// answersPeriod is how often a server is asked.
const answersPeriod = 200 * time.Millisecond

// Answers claims that an object that was in the bucket before the drill is read back whole.
// [CreateBucket] puts it there. It is asked every 200 ms.
func Answers(bucket Bucket) harness.Probe {
	return probe.Func{
		Label: bucket.String() + " answers", Every: answersPeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			client, err := bucket.dial(observer)
			if err != nil {
				return err
			}
			return plain(get(ctx, client, bucket.Name, landmark, landmarkContent))
		},
	}
}

// writesPeriod is how often a server is given an object.
const writesPeriod = 500 * time.Millisecond

// TakesWrites claims that an object is acknowledged. S3 knows no question for that, so that one object is written again and
// again, every 500 ms, beside those of ledgers.
func TakesWrites(bucket Bucket) harness.Probe {
	return probe.Func{
		Label: bucket.String() + " takes writes", Every: writesPeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			client, err := bucket.dial(observer)
			if err != nil {
				return err
			}
			return plain(put(ctx, client, bucket.Name, rewritten, landmarkContent))
		},
	}
}
