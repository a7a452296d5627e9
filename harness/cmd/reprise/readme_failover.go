package main

import (
	"errors"
	"fmt"
	"path/filepath"
)

// errNoFailover says that no bench has measured the failover of routers.
var errNoFailover = errors.New("no measurement of the failover of routers is there: run `reprise bench --only failover` first")

// failoverTable is the table of the newest measurement of the failover of routers. Without any, the error wraps errNoFailover.
func failoverTable(root string) (string, error) {
	found, err := newestBench(root, (*benchReport).hasFailover)
	if err != nil {
		return "", fmt.Errorf("tell of the failover of routers: %w", err)
	}
	if found.Schema == "" {
		return "", errNoFailover
	}
	return found.failoverTable(), nil
}

// newestBench reads the newest report of a bench that has what is wanted; the zero report when there is none.
func newestBench(root string, has func(*benchReport) bool) (benchReport, error) {
	benches, err := readResults[benchReport](filepath.Join(runsFolder(root), "bench", "*.json"))
	if err != nil {
		return benchReport{}, err
	}
	var newest benchReport
	for _, found := range benches {
		if found.Schema == benchSchema && has(&found) && found.Started.After(newest.Started) {
			newest = found
		}
	}
	return newest, nil
}
