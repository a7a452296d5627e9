package harness

import (
	"context"
	"errors"
	"strings"
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
			[]string{`nomad-1: its system has ended with exit code 3, and has printed last: "no route", "giving up": not yet`},
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

func (d deadAfter) Log(_ context.Context, _ string, since time.Time) ([]LogLine, error) {
	if since.After(d.begun) {
		return nil, errors.New("asked for what was printed since the end")
	}
	return []LogLine{{Text: "no route"}, {Text: "giving up"}}, nil
}

// An endedSystem has ended, and its log is what a test says, from the second look on.
type endedSystem struct {
	Observer
	status  SystemStatus
	printed []string
	err     error
	looks   int
}

func (e *endedSystem) Status(context.Context, string) (SystemStatus, error) { return e.status, nil }

func (e *endedSystem) Log(context.Context, string, time.Time) ([]LogLine, error) {
	if e.looks++; e.looks == 1 {
		return nil, nil
	}
	var lines []LogLine
	for _, text := range e.printed {
		lines = append(lines, LogLine{Text: text})
	}
	return lines, e.err
}

// Goal: a system that has ended is told with the last three lines that it has printed, the long ones cut, also where they are
// still on their way into the log; one that printed nothing, or whose log cannot be read, is told without; one that runs or was
// never started is none. Method: each.
func TestSystemEnded(t *testing.T) {
	long := strings.Repeat("é", lastLine)
	ended := SystemStatus{ExitCode: 1, Ended: time.Now()}
	for _, test := range []struct {
		name   string
		system endedSystem
		want   string
	}{
		{
			"lines",
			endedSystem{status: ended, printed: []string{"one", "two", " ", "three\r", "fo\"ur", ""}},
			`lb-1: its system has ended with exit code 1, and has printed last: "two", "three", "fo\"ur"`,
		},
		{
			"a long line",
			endedSystem{status: ended, printed: []string{long}},
			`lb-1: its system has ended with exit code 1, and has printed last: "` + long[:lastLine] + `..."`,
		},
		{"nothing", endedSystem{status: ended}, "lb-1: its system has ended with exit code 1"},
		{"no log", endedSystem{status: ended, err: errNotYet}, "lb-1: its system has ended with exit code 1"},
		{
			"a signal",
			endedSystem{status: SystemStatus{ExitCode: -1, Signal: "killed", Ended: time.Now()}, printed: []string{"one"}},
			`lb-1: its system has ended by signal "killed", and has printed last: "one"`,
		},
		{"running", endedSystem{status: SystemStatus{Running: true}}, ""},
		{"not started", endedSystem{}, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			said := ""
			if err := SystemEnded(t.Context(), &test.system, "lb-1"); err != nil {
				said = err.Error()
			}
			if said != test.want {
				t.Errorf("%s: %s\nwant %s", test.name, said, test.want)
			}
		})
	}
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
