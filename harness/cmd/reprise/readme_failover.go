package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/reports"
)

// errNoFailover says that no bench has measured the failover of routers.
var errNoFailover = errors.New("no measurement of the failover of routers is there: run `reprise bench --only failover` first")

// failoverTable renders the newest measurement of the failover of routers as a Markdown table: each setting
// against what clients lost. Without any, the error wraps errNoFailover.
func failoverTable(root string) (string, error) {
	found, err := newestBench(root, func(f figure) bool { return strings.HasPrefix(f.Group, failoverGroup) })
	if err != nil {
		return "", fmt.Errorf("tell of the failover of routers: %w", err)
	}
	if found.Schema == "" {
		return "", errNoFailover
	}
	var table strings.Builder
	fmt.Fprint(&table, "| settings | event | predicted | n | median | p95 | max | of it VRRP's, median "+
		"|\n|---|---|---:|---:|---:|---:|---:|---:|\n")
	for _, group := range found.groups() {
		event, ours := strings.CutPrefix(group, failoverGroup)
		if !ours {
			continue
		}
		figures := found.in(group)
		for _, whole := range figures {
			if strings.HasSuffix(whole.Name, gatewayPart) {
				continue
			}
			fmt.Fprintf(&table, "| %s | %s | %s | %d | %s |\n", whole.Name, event, whole.Predicted, len(whole.Samples),
				strings.Join(failoverCells(whole, figures), " | "))
		}
	}
	fmt.Fprintf(&table, "\nEach change is made on top of those above it. Measured on %s with `reprise bench --only failover`, "+
		"in %s, on %s processors.\n",
		found.Started.UTC().Format(time.DateOnly), reports.FormatDuration(found.Duration.Round(time.Second)),
		found.Machine["processors"])
	return table.String(), nil
}

// failoverCells are the figures of one setting.
func failoverCells(whole figure, figures []figure) []string {
	if len(whole.Samples) == 0 {
		return []string{"not told", "", "", ""}
	}
	show := reports.FormatDuration
	cells := []string{show(whole.Median), show(percentile(slices.Sorted(slices.Values(whole.Samples)), 95)), show(whole.Most), ""}
	for _, part := range figures {
		if part.Name == whole.Name+gatewayPart {
			cells[3] = show(part.Median)
		}
	}
	return cells
}

// newestBench reads the newest report of a bench that has a figure that is wanted; the zero report when there
// is none.
func newestBench(root string, wanted func(figure) bool) (benchReport, error) {
	benches, err := readResults[benchReport](filepath.Join(runsFolder(root), "bench", "*.json"))
	if err != nil {
		return benchReport{}, err
	}
	var newest benchReport
	for _, found := range benches {
		if found.Schema == benchSchema && slices.ContainsFunc(found.Figures, wanted) && found.Started.After(newest.Started) {
			newest = found
		}
	}
	return newest, nil
}
