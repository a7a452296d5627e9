package s3

import (
	"context"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// answersPeriod is how often a server is asked.
const answersPeriod = 200 * time.Millisecond

// Answers claims that an object that was in the bucket before the drill is read back whole.
// [CreateBucket] puts it there. It is asked every 200 ms.
func Answers(bucket Bucket) harness.Probe { return answers{bucket} }

type answers struct{ bucket Bucket }

func (a answers) Name() string          { return a.bucket.String() + " answers" }
func (a answers) Period() time.Duration { return answersPeriod }

func (a answers) Check(ctx context.Context, observer harness.Observer) error {
	client, err := a.bucket.dial(observer)
	if err != nil {
		return err
	}
	return plain(get(ctx, client, a.bucket.Name, landmark, landmarkContent))
}
