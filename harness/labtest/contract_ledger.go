package labtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A LedgerCase is a ledger under test, and what is particular to it.
type LedgerCase struct {
	Ledger harness.Ledger // to which nobody has written
	// Lose takes an entry away behind the ledger's back. nil: whether a loss is seen is not asked.
	Lose func(ctx context.Context, entry int) error
}

// TestLedger runs a ledger through what every ledger has to do, and says in one sentence which point of that is broken; nil when
// none is. The machines are in peace, and the ledger's entries stay on them.
//
//   - it has a name in one line and a positive interval, and nothing in it at first;
//   - what it acknowledges is listed, each entry once and no other, also when several are written at a time;
//   - while connections are refused it says of writes that they are refused ([harness.ErrRefused]), and reading back is an error
//     and not an empty list;
//   - when nothing answers, writing and reading back end soon after their context;
//   - when an answer is lost on its way, the write is not acknowledged; and what was called refused never turns up;
//   - it tells of nothing that was acknowledged that it is gone, but of what is.
func TestLedger(ctx context.Context, machines harness.Observer, c LedgerCase) error {
	if c.Ledger == nil {
		return errors.New("there is no ledger to test")
	}
	if err := sentence("its name", c.Ledger.Name()); err != nil {
		return fmt.Errorf("the ledger %T: %w", c.Ledger, err)
	}
	test := &ledgerTest{LedgerCase: c, observer: newPartialObserver(machines), writes: map[int]answer{}}
	defer test.observer.close()
	for _, ask := range []func(ctx context.Context) error{
		test.startsEmpty, test.acknowledges, test.refuses, test.ends, test.losesAnswers, test.seesLoss,
	} {
		if err := ask(ctx); err != nil {
			return fmt.Errorf("the ledger %q: %w", c.Ledger.Name(), err)
		}
	}
	return nil
}

// An answer is what a ledger has said of a write.
type answer int

const (
	unknown answer = iota
	acknowledged
	refused
)

// A ledgerTest is a ledger with what has become of its writes.
type ledgerTest struct {
	LedgerCase
	observer *partialObserver

	mutex  sync.Mutex
	writes map[int]answer
}

// write writes the next entry, and keeps what the ledger says of it.
func (l *ledgerTest) write(ctx context.Context, limit time.Duration) (int, error) {
	l.mutex.Lock()
	entry := len(l.writes) + 1
	l.writes[entry] = unknown
	l.mutex.Unlock()
	err := doneWithin(ctx, limit, func(ctx context.Context) error { return l.Ledger.Write(ctx, l.observer, entry) })
	l.mutex.Lock()
	defer l.mutex.Unlock()
	switch {
	case err == nil:
		l.writes[entry] = acknowledged
	case errors.Is(err, harness.ErrRefused):
		l.writes[entry] = refused
	}
	return entry, err
}

// read reads the ledger back.
func (l *ledgerTest) read(ctx context.Context, limit time.Duration) ([]int, error) {
	entries, err := within(ctx, limit, func(ctx context.Context) ([]int, error) { return l.Ledger.Entries(ctx, l.observer) })
	slices.Sort(entries)
	return entries, err
}

// startsEmpty looks at what the ledger says before anything is written.
func (l *ledgerTest) startsEmpty(ctx context.Context) error {
	if interval := l.Ledger.Interval(); interval <= 0 {
		return fmt.Errorf("its interval is %v: it must be positive", interval)
	}
	entries, err := l.read(ctx, oneCheck)
	if err != nil {
		return fmt.Errorf("it cannot be read back before anything is written: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("it lists %v before anything is written", entries)
	}
	return nil
}

// together is how many entries are written one after the other, and as many then at a time.
const together = 8

// acknowledges writes where all is well.
func (l *ledgerTest) acknowledges(ctx context.Context) error {
	for range together {
		if entry, err := l.write(ctx, oneCheck); err != nil {
			return fmt.Errorf("it does not acknowledge entry %d in peace: %w", entry, err)
		}
	}
	errs := make([]error, together)
	var group sync.WaitGroup
	for i := range together {
		group.Go(func() {
			if entry, err := l.write(ctx, oneCheck); err != nil {
				errs[i] = fmt.Errorf("it does not acknowledge entry %d when several are written at a time: %w", entry, err)
			}
		})
	}
	group.Wait()
	if err := harness.JoinErrors(errs...); err != nil {
		return err
	}
	return l.reconcile(ctx)
}

// reconcile holds what the ledger lists against what it has said of the writes.
func (l *ledgerTest) reconcile(ctx context.Context) error {
	entries, err := l.read(ctx, oneCheck)
	if err != nil {
		return fmt.Errorf("it cannot be read back in peace: %w", err)
	}
	for i, entry := range entries {
		said, asked := l.writes[entry]
		switch {
		case i > 0 && entry == entries[i-1]:
			return fmt.Errorf("it lists entry %d twice", entry)
		case !asked:
			return fmt.Errorf("it lists entry %d, which nobody has written", entry)
		case said == refused:
			return fmt.Errorf("it lists entry %d, of which it has said that it was refused", entry)
		}
	}
	for entry, said := range l.writes {
		if said == acknowledged && !slices.Contains(entries, entry) {
			return fmt.Errorf("it does not list entry %d, which it has acknowledged", entry)
		}
	}
	return nil
}

// waitForRefusal allows for connections that a ledger has kept: what was sent on one of those may have arrived.
var waitForRefusal = harness.Wait{For: "a write to be refused", Interval: 50 * time.Millisecond, Limit: 10 * time.Second}

// refuses writes and reads back where nobody is there.
func (l *ledgerTest) refuses(ctx context.Context) error {
	l.observer.set(gone, 0)
	var wrong error
	err := waitForRefusal.Until(ctx, func(ctx context.Context) error {
		entry, err := l.write(ctx, oneCheck)
		switch {
		case err == nil:
			wrong = fmt.Errorf("it acknowledges entry %d although connections are refused", entry)
			return nil
		case errors.Is(err, errLate):
			wrong = fmt.Errorf("a write while connections are refused: %w", err)
			return nil
		case errors.Is(err, harness.ErrRefused):
			wrong = sentence("the error of a refused write", err.Error())
			return nil
		}
		return err
	})
	if wrong == nil && err != nil {
		wrong = fmt.Errorf("it does not say that a write is refused (harness.ErrRefused) while connections are, but: %w", err)
	}
	if wrong != nil {
		return wrong
	}
	if entries, err := l.read(ctx, oneCheck); err == nil {
		return fmt.Errorf("read back while connections are refused it lists %v in the place of an error: all would count as lost",
			entries)
	}
	l.observer.set(whole, 0)
	return l.reconcile(ctx)
}

// ends writes and reads back where nothing answers.
func (l *ledgerTest) ends(ctx context.Context) error {
	l.observer.set(silent, 0)
	if entry, err := l.write(ctx, endLimit); err == nil {
		return fmt.Errorf("it acknowledges entry %d although nothing answers", entry)
	} else if errors.Is(err, errLate) {
		return fmt.Errorf("a write when nothing answers: %w", err)
	}
	if entries, err := l.read(ctx, endLimit); err == nil {
		return fmt.Errorf("read back when nothing answers it lists %v in the place of an error", entries)
	} else if errors.Is(err, errLate) {
		return fmt.Errorf("reading back when nothing answers: %w", err)
	}
	l.observer.set(whole, 0)
	return l.reconcile(ctx)
}

// mostAnswers is more than any write needs.
const mostAnswers = 64

// losesAnswers breaks connections off before the first answer of a write, before the second, and so on, until a write has all
// that it needs.
func (l *ledgerTest) losesAnswers(ctx context.Context) error {
	for answers := range mostAnswers {
		l.observer.set(losing, answers)
		entry, err := l.write(ctx, oneCheck)
		switch {
		case errors.Is(err, errLate):
			return fmt.Errorf("a write whose answer is lost: %w", err)
		case err == nil && answers == 0:
			return fmt.Errorf("it acknowledges entry %d although no answer has arrived", entry)
		case err == nil:
			l.observer.set(whole, 0)
			return l.reconcile(ctx)
		}
		l.observer.set(whole, 0)
		if err := l.reconcile(ctx); err != nil {
			return fmt.Errorf("after an answer was lost: %w", err)
		}
	}
	return fmt.Errorf("a write is not acknowledged after %d answers", mostAnswers)
}

// seesLoss takes an acknowledged entry away.
func (l *ledgerTest) seesLoss(ctx context.Context) error {
	if l.Lose == nil {
		return nil
	}
	before, err := l.read(ctx, oneCheck)
	if err != nil {
		return fmt.Errorf("it cannot be read back in peace: %w", err)
	}
	lost := 0
	for entry, said := range l.writes {
		if said == acknowledged {
			lost = max(lost, entry)
		}
	}
	if err := l.Lose(ctx, lost); err != nil {
		return fmt.Errorf("entry %d could not be taken away: %w", lost, err)
	}
	after, err := l.read(ctx, oneCheck)
	if err != nil {
		return fmt.Errorf("it cannot be read back after a loss: %w", err)
	}
	kept := slices.DeleteFunc(before, func(entry int) bool { return entry == lost })
	if !slices.Equal(after, kept) {
		return fmt.Errorf("it lists %v after entry %d was taken away, in the place of %v", after, lost, kept)
	}
	return nil
}
