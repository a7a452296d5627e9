package drbd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// rowsInterval is the time between two rows. One takes a machine that is software some 100 ms, and several times that on a
// busy processor.
const rowsInterval = 300 * time.Millisecond

// Rows is a ledger of rows in a file on the replicated disk, one every 300 ms, each over a connection of its own. A
// row is acknowledged when it is on the disk (fsync), and so, with DRBD's protocol C, on both.
//
// Clients know both machines. Those with an odd number ask the second one first, and every one asks the other when
// it is turned away: in peace all rows are written by the primary, whoever that is; with two primaries each
// gets half of them.
func Rows(pair Pair) harness.Ledger { return rows{pair} }

type rows struct{ pair Pair }

func (r rows) Name() string          { return "rows on " + r.pair.First + " and " + r.pair.Second }
func (rows) Interval() time.Duration { return rowsInterval }

func (r rows) Write(ctx context.Context, observer harness.Observer, entry int) error {
	nodes := r.pair.Both()
	if entry%2 == 1 {
		nodes = []string{r.pair.Second, r.pair.First}
	}
	first, cancel := context.WithTimeout(ctx, firstChoice)
	refused := r.pair.write(first, observer, nodes[0], entry)
	cancel()
	if !errors.Is(refused, harness.ErrRefused) {
		return refused // it was written, or nobody knows
	}
	err := r.pair.write(ctx, observer, nodes[1], entry)
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w; %s: %v", nodes[1], err, nodes[0], refused) //nolint:errorlint // only what the second one said tells whether it was written
}

// Entries reads the rows from the machine that serves them. A line that is no number, such as one that was written
// in part, is no row. As long as both serve it is an error: nobody has decided which of them has the rows.
func (r rows) Entries(ctx context.Context, observer harness.Observer) ([]int, error) {
	text, err := r.pair.only(ctx, observer)
	if err != nil {
		return nil, fmt.Errorf("list the rows: %w", err)
	}
	var entries []int
	for line := range strings.Lines(text) {
		if entry, err := strconv.Atoi(strings.TrimSuffix(line, "\n")); err == nil && strings.HasSuffix(line, "\n") {
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

// only gets the rows from the one machine that serves them.
func (p Pair) only(ctx context.Context, observer harness.Observer) (string, error) {
	first, firstErr := p.get(ctx, observer, p.First, rowsPath)
	second, secondErr := p.get(ctx, observer, p.Second, rowsPath)
	switch {
	case firstErr == nil && secondErr == nil:
		return "", errors.New("both machines serve rows")
	case firstErr == nil:
		return first, nil
	case secondErr == nil:
		return second, nil
	}
	return "", harness.JoinErrors(fmt.Errorf("%s: %w", p.First, firstErr), fmt.Errorf("%s: %w", p.Second, secondErr))
}

// read gets the rows from whoever serves them: one that is silent takes no time from the other.
func (p Pair) read(ctx context.Context, observer harness.Observer) (string, error) {
	return probe.FirstOf(ctx, p.Both(), func(ctx context.Context, node string) (string, error) {
		return p.get(ctx, observer, node, rowsPath)
	})
}
