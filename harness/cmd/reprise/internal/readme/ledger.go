package readme

import (
	"errors"
	"fmt"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/bench"
)

// errNoLedger says that no bench has measured the ledger.
var errNoLedger = errors.New("no measurement of the ledger is there: run `reprise bench --only ledger` first")

// ledgerTable is the table of the newest measurement of the ledger. Without any, the error
// wraps errNoLedger.
func ledgerTable(root string) (string, error) {
	found, err := newestLedger(root)
	if err != nil {
		return "", fmt.Errorf("tell of the ledger: %w", err)
	}
	return found.LedgerTable(), nil
}

// newestLedger reads the newest report of a bench that has measured the ledger.
func newestLedger(root string) (bench.Report, error) {
	newest, err := newestBench(root, (*bench.Report).HasLedger)
	if err != nil {
		return bench.Report{}, err
	}
	if newest.Schema == "" {
		return bench.Report{}, errNoLedger
	}
	return newest, nil
}
