package harness

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

var errNotYet = errors.New("not yet")

// Goal: a wait looks at once, then at its interval, and ends as soon as the condition holds. Method:
// a condition that holds at the fourth look, on a fake clock.
func TestWaitUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, looks := time.Now(), 0
		testkit.Must(t, Wait{For: "it", Interval: time.Second, Limit: time.Minute}.Until(t.Context(), func(context.Context) error {
			if looks++; looks < 4 {
				return errNotYet
			}
			return nil
		}))
		testkit.Between(t, "the wait", time.Since(began), 3*time.Second, 3*time.Second)
	})
}

// Goal: a wait that ends otherwise says what it waited for, how long, why it ended and what the
// condition said last, and all of it can be told apart with errors.Is. Method: each way to end.
func TestWaitGivesUp(t *testing.T) {
	never := func(context.Context) error { return errNotYet }
	for _, test := range []struct {
		name  string
		wait  Wait
		takes time.Duration
		cause error
		text  []string
	}{
		{
			"limit",
			Wait{For: "the leader", Interval: time.Second, Limit: 10 * time.Second},
			10 * time.Second, errNotYet,
			[]string{"wait for the leader", "not within 10s", "not yet"},
		},
		{
			"caller",
			Wait{For: "the leader", Interval: time.Second},
			30 * time.Second, context.DeadlineExceeded,
			[]string{"broken off after 30s", "not yet"},
		},
		{
			"dead node", Wait{For: "the leader", Interval: time.Second, Limit: time.Minute}.WhileAlive(nil, "nomad-1"), 5 * time.Second,
			errEnded,
			[]string{"nomad-1", "exit code 3", "not yet"},
		},
		{"no interval", Wait{For: "the leader"}, 0, nil, []string{"must be positive"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			for i := range test.wait.alive {
				test.wait.alive[i].observer = deadAfter{begun: time.Now(), lives: 5 * time.Second} // in the bubble: its clock is another one
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			began := time.Now()
			err := test.wait.Until(ctx, never)
			if err == nil || !testkit.ContainsAll(err.Error(), test.text...) || test.cause != nil && !errors.Is(err, test.cause) {
				t.Errorf("%s: %v", test.name, err)
			}
			testkit.Between(t, test.name, time.Since(began), test.takes, test.takes)
		})
	}
}

// deadAfter is an observer whose nodes end after a while.
type deadAfter struct {
	Observer
	begun time.Time
	lives time.Duration
}

func (d deadAfter) Status(context.Context, string) (SystemStatus, error) {
	if time.Since(d.begun) < d.lives {
		return SystemStatus{Running: true}, nil
	}
	return SystemStatus{ExitCode: 3, Ended: d.begun.Add(d.lives)}, nil
}

// Goal: when the limit breaks off a look, the error still tells what the look before it saw, and not
// only that time was up. Method: a condition that says something once and hangs then.
func TestWaitKeepsTheLastError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		err := Wait{For: "the leader", Interval: time.Second, Limit: 10 * time.Second}.Until(t.Context(),
			func(ctx context.Context) error {
				if looks++; looks == 1 {
					return errNotYet
				}
				<-ctx.Done()
				return ctx.Err()
			})
		if !errors.Is(err, errNotYet) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}
