package survival

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// answers is the steady state: the store answers.
func answers() harness.Probe {
	return probe.NetworkProbe{
		Label:  "the store answers",
		Checks: probe.Fixed(harness.Check{HTTP: &harness.HTTPCheck{At: netip.AddrPortFrom(storeIPv6, port)}}),
	}
}

// entries is the ledger of numbers that the store keeps.
type entries struct{}

func (entries) Name() string            { return "entries of the store" }
func (entries) Interval() time.Duration { return 50 * time.Millisecond }

func (entries) Write(ctx context.Context, observer harness.Observer, entry int) error {
	ctx, unsent := harness.Unsent(ctx)
	response, err := call(ctx, observer, http.MethodPost, fmt.Sprintf("/entries/%d", entry))
	if err != nil {
		if unsent() {
			return fmt.Errorf("%w: %w", harness.ErrRefused, err)
		}
		return err
	}
	return response.Body.Close()
}

func (entries) Entries(ctx context.Context, observer harness.Observer) ([]int, error) {
	response, err := call(ctx, observer, http.MethodGet, "/entries")
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var numbers []int
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		number, err := strconv.Atoi(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("read the store's entries: %w", err)
		}
		numbers = append(numbers, number)
	}
	return numbers, lines.Err()
}

// call asks the store over a connection of its own.
func call(ctx context.Context, observer harness.Observer, method, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+netip.AddrPortFrom(storeIPv6, port).String()+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := harness.HTTPClient(observer, harness.VantageObserver).Do(request)
	if err != nil {
		return nil, harness.Plain(err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the store says %s: %w", response.Status, response.Body.Close())
	}
	return response, nil
}

// slowlyRead takes its time to read a ledger back.
type slowlyRead struct{ harness.Ledger }

func (s slowlyRead) Entries(ctx context.Context, observer harness.Observer) ([]int, error) {
	if err := wait(ctx, pace); err != nil {
		return nil, err
	}
	return s.Ledger.Entries(ctx, observer)
}

// slow is a fault that takes its time before it strikes, and before it is lifted.
type slow struct{ harness.Fault }

func (s slow) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	if err := wait(ctx, pace); err != nil {
		return nil, err
	}
	injection, err := s.Fault.Inject(ctx, lab)
	if injection == nil {
		return nil, err
	}
	return slowlyLifted{injection}, err
}

type slowlyLifted struct{ harness.Injection }

func (s slowlyLifted) Revert(ctx context.Context) error {
	if err := wait(ctx, pace); err != nil {
		return err
	}
	return s.Injection.Revert(ctx)
}

// restart is the runbook.
func restart() harness.Runbook {
	return runbook.Of("start the store",
		harness.Step{
			Name: "find out what is wrong",
			Do:   func(ctx context.Context, _ harness.Operator) error { return wait(ctx, pace) },
		},
		harness.Step{
			Name: "start it",
			Do:   func(ctx context.Context, operator harness.Operator) error { return operator.Start(ctx, storeNode) },
		})
}

// wait lasts as long as it says unless the context ends.
func wait(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
