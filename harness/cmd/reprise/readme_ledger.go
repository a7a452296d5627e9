package main

import (
	"errors"
	"fmt"
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
	return found.ledgerTable(), nil
}

// newestLedger reads the newest report of a bench that has measured the ledger.
func newestLedger(root string) (benchReport, error) {
	newest, err := newestBench(root, (*benchReport).hasLedger)
	if err != nil {
		return benchReport{}, err
	}
	if newest.Schema == "" {
		return benchReport{}, errNoLedger
	}
	return newest, nil
}
