package bench

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reprise-dr/reprise/reports"
)

// The groups of figures that have a table.
const (
	ledgerGroup    = "Ledger on Consul KV through a drill, in peace"
	electionsGroup = "Election time of a Consul cluster of 3, leader killed"
	// failoverGroup begins the names of several, one for each event.
	failoverGroup = "Outage of clients when routers fail over: "
)

// gatewayPart ends the name of a figure of VRRP's part.
const gatewayPart = ": of it VRRP's"

// HasFailover tells whether the bench has measured the failover of routers.
func (r *Report) HasFailover() bool {
	return slices.ContainsFunc(r.Figures, func(f Figure) bool { return strings.HasPrefix(f.Group, failoverGroup) })
}

// HasLedger tells whether the bench has measured the ledger.
func (r *Report) HasLedger() bool {
	return slices.ContainsFunc(r.Figures, func(f Figure) bool { return f.Group == electionsGroup })
}

// FailoverTable is the failover of routers as a Markdown table: each setting against what clients lost.
func (r *Report) FailoverTable() string {
	var table strings.Builder
	fmt.Fprint(&table, "| settings | event | predicted | n | median | p95 | max | of it VRRP's, median "+
		"|\n|---|---|---:|---:|---:|---:|---:|---:|\n")
	for _, group := range r.groups() {
		event, ours := strings.CutPrefix(group, failoverGroup)
		if !ours {
			continue
		}
		figures := r.in(group)
		for _, whole := range figures {
			if strings.HasSuffix(whole.Name, gatewayPart) {
				continue
			}
			fmt.Fprintf(&table, "| %s | %s | %s | %d | %s |\n", whole.Name, event, whole.Predicted, len(whole.Samples),
				strings.Join(failoverCells(whole, figures), " | "))
		}
	}
	fmt.Fprint(&table, "\nEach change is made on top of those above it. "+r.source("reprise bench --only failover"))
	return table.String()
}

// failoverCells are the figures of one setting.
func failoverCells(whole Figure, figures []Figure) []string {
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

// LedgerTable is what the bench has measured of the ledger as a Markdown table.
func (r *Report) LedgerTable() string {
	columns := append([]string{"Figure"}, columns...)
	var table strings.Builder
	fmt.Fprintf(&table, "| %s |\n|---|%s\n", strings.Join(columns, " | "), strings.Repeat("---:|", len(columns)))
	for _, group := range []string{ledgerGroup, electionsGroup} {
		fmt.Fprintf(&table, "| **%s** |%s\n", group, strings.Repeat(" |", len(columns)))
		for _, figure := range r.in(group) {
			fmt.Fprintf(&table, "| %s | %s |\n", figure.Name, strings.Join(figure.cells(), " | "))
		}
	}
	fmt.Fprint(&table, "\n"+r.source("reprise bench"))
	return table.String()
}
