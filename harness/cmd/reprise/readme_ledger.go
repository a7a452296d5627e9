package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/reports"
)

// errNoLedger says that no bench has measured the ledger.
var errNoLedger = errors.New("no measurement of the ledger is there: run `reprise bench --only ledger` first")

// ledgerTable renders the newest measurement of the ledger as a Markdown table. Without any, the error
// wraps errNoLedger.
func ledgerTable(root string) (string, error) {
	found, err := newestLedger(root)
	if err != nil {
		return "", fmt.Errorf("tell of the ledger: %w", err)
	}
	columns := append([]string{"Figure"}, benchColumns...)
	var table strings.Builder
	fmt.Fprintf(&table, "| %s |\n|---|%s\n", strings.Join(columns, " | "), strings.Repeat("---:|", len(benchColumns)))
	for _, group := range []string{ledgerGroup, electionsGroup} {
		fmt.Fprintf(&table, "| **%s** |%s\n", group, strings.Repeat(" |", len(benchColumns)))
		for _, figure := range found.in(group) {
			fmt.Fprintf(&table, "| %s | %s |\n", figure.Name, strings.Join(figure.cells(), " | "))
		}
	}
	fmt.Fprintf(&table, "\nMeasured on %s with `reprise bench`, in %s, on %s processors.\n",
		found.Started.UTC().Format(time.DateOnly), reports.FormatDuration(found.Duration.Round(time.Second)),
		found.Machine["processors"])
	return table.String(), nil
}

// newestLedger reads the newest report of a bench that has measured the ledger.
func newestLedger(root string) (benchReport, error) {
	newest, err := newestBench(root, func(f figure) bool { return f.Group == electionsGroup })
	if err != nil {
		return benchReport{}, err
	}
	if newest.Schema == "" {
		return benchReport{}, errNoLedger
	}
	return newest, nil
}
