package readme

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/bench"
	"github.com/reprise-dr/reprise/harness/internal/module"
)

// errNoLedger and errNoFailover say that no bench has measured that.
var (
	errNoLedger   = errors.New("no measurement of the ledger is there: run `reprise bench --only ledger` first")
	errNoFailover = errors.New("no measurement of the failover of routers is there: run `reprise bench --only failover` first")
)

// ledgerTable is the table of the newest measurement of the ledger. Without any, the error wraps errNoLedger.
func ledgerTable(root string) (string, error) {
	found, err := newestBench(root, (*bench.Report).HasLedger, errNoLedger)
	if err != nil {
		return "", fmt.Errorf("tell of the ledger: %w", err)
	}
	return found.LedgerTable(), nil
}

// failoverTable is the table of the newest measurement of the failover of routers. Without any, the error wraps errNoFailover.
func failoverTable(root string) (string, error) {
	found, err := newestBench(root, (*bench.Report).HasFailover, errNoFailover)
	if err != nil {
		return "", fmt.Errorf("tell of the failover of routers: %w", err)
	}
	return found.FailoverTable(), nil
}

// newestBench reads the newest report of a bench that has what is wanted. Without any, the error is the given one.
func newestBench(root string, has func(*bench.Report) bool, missing error) (bench.Report, error) {
	benches, err := readResults[bench.Report](filepath.Join(module.RunsFolder(root), "bench", "*.json"))
	if err != nil {
		return bench.Report{}, err
	}
	var newest bench.Report
	for _, found := range benches {
		if found.Schema == bench.Schema && has(&found) && found.Started.After(newest.Started) {
			newest = found
		}
	}
	if newest.Schema == "" {
		return newest, missing
	}
	return newest, nil
}
