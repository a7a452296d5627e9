package readme

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/bench"
	"github.com/reprise-dr/reprise/harness/internal/module"
)

// errNoFailover says that no bench has measured the failover of routers.
var errNoFailover = errors.New("no measurement of the failover of routers is there: run `reprise bench --only failover` first")

// failoverTable is the table of the newest measurement of the failover of routers. Without any, the error wraps errNoFailover.
func failoverTable(root string) (string, error) {
	found, err := newestBench(root, (*bench.Report).HasFailover)
	if err != nil {
		return "", fmt.Errorf("tell of the failover of routers: %w", err)
	}
	if found.Schema == "" {
		return "", errNoFailover
	}
	return found.FailoverTable(), nil
}

// newestBench reads the newest report of a bench that has what is wanted; the zero report when there is none.
func newestBench(root string, has func(*bench.Report) bool) (bench.Report, error) {
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
	return newest, nil
}
