package verdicts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// ledgerPrefix is where the drills write.
const ledgerPrefix = "verdicts"

// A recordingLedger is a ledger that also keeps for itself what became of every write.
type recordingLedger struct {
	harness.Ledger
	mu      sync.Mutex
	acked   map[int]time.Time
	refused map[int]time.Time
}

func copied(ledger harness.Ledger) *recordingLedger {
	return &recordingLedger{Ledger: ledger, acked: map[int]time.Time{}, refused: map[int]time.Time{}}
}

func (c *recordingLedger) Write(ctx context.Context, observer harness.Observer, entry int) error {
	err := c.Ledger.Write(ctx, observer, entry)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.acked[entry] = time.Now()
	case errors.Is(err, harness.ErrRefused):
		c.refused[entry] = time.Now()
	}
	return err
}

// ackedBy are the entries that were acknowledged by a moment, in the order of their numbers.
func (c *recordingLedger) ackedBy(moment time.Time) []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(c.acked)), func(entry int) bool { return c.acked[entry].After(moment) })
}

// refusals are the entries that were refused.
func (c *recordingLedger) refusals() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.refused))
}

// oldest is when the first of the entries was acknowledged.
func (c *recordingLedger) oldest(entries []int) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	var oldest time.Time
	for _, entry := range entries {
		if at := c.acked[entry]; oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest
}

// A boaster acknowledges some entries without writing them.
type boaster struct {
	harness.Ledger
	lies map[int]bool
}

func (b boaster) Write(ctx context.Context, observer harness.Observer, entry int) error {
	if b.lies[entry] {
		return nil
	}
	return b.Ledger.Write(ctx, observer, entry)
}

// An inventor lists entries that nobody wrote.
type inventor struct {
	harness.Ledger
	invented []int
}

func (i inventor) Entries(ctx context.Context, observer harness.Observer) ([]int, error) {
	entries, err := i.Ledger.Entries(ctx, observer)
	return append(entries, i.invented...), err
}

// loseAcknowledged deletes so many writes behind the ledger's back that were acknowledged before the
// fault, in a row, beginning anywhere.
func loseAcknowledged(number, anywhere int) func(context.Context, *drillRun) error {
	return func(ctx context.Context, s *drillRun) error {
		entries := s.recordingLedger.ackedBy(s.began)
		if len(entries) < number {
			return fmt.Errorf("only %d writes were acknowledged before the fault, fewer than the %d to lose", len(entries), number)
		}
		first := anywhere % (len(entries) - number + 1)
		s.lost = entries[first : first+number]
		for _, entry := range s.lost {
			if err := s.keyValue(ctx, http.MethodDelete, key(entry), ""); err != nil {
				return err
			}
		}
		return nil
	}
}

// writeRefused writes so many entries that were refused.
func writeRefused(number int) func(context.Context, *drillRun) error {
	return func(ctx context.Context, s *drillRun) error {
		entries := s.recordingLedger.refusals()
		if len(entries) < number {
			return fmt.Errorf("only %d writes were refused, fewer than the %d to bring back", len(entries), number)
		}
		for _, entry := range entries[:number] {
			if err := s.keyValue(ctx, http.MethodPut, key(entry), strconv.Itoa(entry)); err != nil {
				return err
			}
		}
		return nil
	}
}

func key(entry int) string { return ledgerPrefix + "/" + strconv.Itoa(entry) }

// keyValue writes or deletes a key by way of any server that does it.
func (s *drillRun) keyValue(ctx context.Context, method, key, value string) error {
	var problems []error
	for _, node := range s.Lab.Topology().Nodes {
		status, err := s.ask(ctx, node.Name, method, key, value)
		if err == nil && status == http.StatusOK {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("it answered %d", status)
		}
		problems = append(problems, fmt.Errorf("%s: %w", node.Name, err))
	}
	return fmt.Errorf("%s %s: %w", strings.ToLower(method), key, harness.JoinErrors(problems...))
}

// ask sends one request to the key-value store of a server.
func (s *drillRun) ask(ctx context.Context, node, method, key, value string) (status int, err error) {
	return keyValueStatus(ctx, s.Lab, node, method, key, value)
}

// keyValueLimit is the time one request may take.
const keyValueLimit = 2 * time.Second

func keyValueStatus(ctx context.Context, observer harness.Observer, node, method, key, value string) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, keyValueLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://127.0.0.1:8500/v1/kv/"+key, strings.NewReader(value))
	if err != nil {
		return 0, err
	}
	response, err := harness.HTTPClient(observer, node).Do(request)
	if err != nil {
		return 0, harness.Plain(err)
	}
	return response.StatusCode, response.Body.Close()
}
