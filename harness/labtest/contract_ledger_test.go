package labtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

const shop = "[fd00::11]:80"

// A fakeShop keeps what is put into it.
type fakeShop struct {
	mutex   sync.Mutex
	entries map[int]bool
}

func (s *fakeShop) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if entry, err := strconv.Atoi(strings.TrimPrefix(request.URL.Path, "/")); err == nil {
		s.entries[entry] = true
		w.WriteHeader(http.StatusCreated)
		return
	}
	for entry := range s.entries {
		_, _ = fmt.Fprintln(w, entry)
	}
}

// An orders is a ledger that is right: it puts entries into a fakeShop. Each field breaks it in one way.
type orders struct {
	name      string
	interval  time.Duration
	lies      bool      // it acknowledges whatever becomes of a write
	refuses   bool      // it calls every write refused that was not acknowledged
	doubts    bool      // it calls none refused
	deaf      bool      // it goes on after the end of its context
	forgives  bool      // reading back is never an error
	twice     bool      // it lists entries twice
	invents   bool      // it lists entries that nobody has written
	forgets   bool      // it lists an entry less
	remembers *sync.Map // of entries
	fails     bool
	babbles   bool
	early     bool // it takes the part of an answer for the whole
}

func (o orders) Name() string            { return o.name }
func (o orders) Interval() time.Duration { return o.interval }

func (o orders) Write(ctx context.Context, observer harness.Observer, entry int) error {
	if o.deaf {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, unsent := harness.Unsent(ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+shop+"/"+strconv.Itoa(entry), nil)
	if err != nil {
		return err
	}
	response, err := harness.HTTPClient(observer, harness.VantageObserver).Do(request)
	switch {
	case o.fails:
		return errors.New("closed on Mondays")
	case err == nil:
		if o.remembers != nil {
			o.remembers.Store(entry, true)
		}
		return response.Body.Close()
	case o.lies || o.early && !unsent():
		return nil
	case o.babbles:
		return fmt.Errorf("%w:\n%w", harness.ErrRefused, err)
	case !o.doubts && unsent() || o.refuses:
		return fmt.Errorf("%w: %w", harness.ErrRefused, err)
	}
	return err
}

func (o orders) Entries(ctx context.Context, observer harness.Observer) ([]int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+shop+"/", nil)
	if err != nil {
		return nil, err
	}
	response, err := harness.HTTPClient(observer, harness.VantageObserver).Do(request)
	if err != nil {
		if o.forgives {
			return nil, nil
		}
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // read only
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var entries []int
	for line := range strings.Lines(string(text)) {
		entry, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return o.twisted(entries), nil
}

// twisted is what a ledger lists that is not right.
func (o orders) twisted(entries []int) []int {
	switch {
	case o.invents:
		return append(entries, 1000)
	case len(entries) == 0:
		return entries
	case o.twice:
		return append(entries, entries[0])
	case o.forgets:
		return entries[1:]
	case o.remembers != nil:
		entries = nil
		for entry := range o.remembers.Range {
			entries = append(entries, entry.(int))
		}
	}
	return entries
}

// Goal: a ledger that is right passes, and every point of the contract can be broken. Method: one that is right, and the same one
// with one thing wrong at a time, in memory and on a fake clock.
func TestLedgerContract(t *testing.T) {
	for want, broken := range map[string]func(right *orders){
		"":                                   func(*orders) {},
		"its name is empty":                  func(right *orders) { right.name = "" },
		"its interval is 0s":                 func(right *orders) { right.interval = 0 },
		"before anything is written":         func(right *orders) { right.invents = true },
		"it does not acknowledge entry 1 in": func(right *orders) { right.fails = true },
		"twice":                              func(right *orders) { right.twice = true },
		"which it has acknowledged":          func(right *orders) { right.forgets = true },
		"although connections are refused":   func(right *orders) { right.lies = true },
		"it does not say that a write is re": func(right *orders) { right.doubts = true },
		"in the place of an error: all woul": func(right *orders) { right.forgives = true },
		"a write when nothing answers: it s": func(right *orders) { right.deaf = true },
		"of which it has said that it was r": func(right *orders) { right.refuses = true },
		"although no answer has arrived":     func(right *orders) { right.early = true },
		"the error of a refused write is no": func(right *orders) { right.babbles = true },
		"was taken away, in the place of":    func(right *orders) { right.remembers = &sync.Map{} },
	} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &fakeShop{entries: map[int]bool{}}
				machines := New(harness.Topology{})
				machines.Serve(harness.VantageObserver, shop, store)
				right := orders{name: "orders", interval: time.Second}
				broken(&right)
				lose := func(_ context.Context, entry int) error {
					store.mutex.Lock()
					defer store.mutex.Unlock()
					delete(store.entries, entry)
					return nil
				}
				Expect(t, TestLedger(t.Context(), machines, LedgerCase{Ledger: right, Lose: lose}), want)
				machines.Close()
			})
		})
	}
	Expect(t, TestLedger(t.Context(), New(harness.Topology{}), LedgerCase{}), "there is no ledger to test")
}

// Goal: a system that never acknowledges, and a loss that could not be brought about, are told. Method: one of each.
func TestLedgerThatCannotBeTested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machines := New(harness.Topology{})
		right := LedgerCase{Ledger: orders{name: "orders", interval: time.Second}}
		Expect(t, TestLedger(t.Context(), machines, right), "it cannot be read back before anything is written")
		machines.Serve(harness.VantageObserver, shop, &fakeShop{entries: map[int]bool{}})
		right.Lose = func(context.Context, int) error { return errors.New("it is locked") }
		Expect(t, TestLedger(t.Context(), machines, right), "could not be taken away: it is locked")
		machines.Close()
	})
}
