package readme

import (
	"errors"
	"strings"
	"testing"
)

// Goal: the track record shows the newest measurement of the ledger, whatever other benches have run since; without any there is
// no table. Method: an older and a newer bench with the ledger, a newest one without, and none at all.
func TestLedgerTable(t *testing.T) {
	root := t.TempDir()
	if _, err := ledgerTable(root); !errors.Is(err, errNoLedger) {
		t.Errorf("without a bench the error is %v", err)
	}
	const (
		rate = `"group":"Ledger on Consul KV through a drill, in peace","name":"rate"`
		lost = `"group":"Election time of a Consul cluster of 3, leader killed","name":"lost"`
	)
	keepBench(t, root, "20260101-000000", rate+`,"number":111},{`+lost+`,"number":1`)
	keepBench(t, root, "20260102-000000", rate+`,"number":222.5},{`+lost+`,"number":3`)
	keepBench(t, root, "20260103-000000", `"group":"Lab ready","name":"other","number":9`)
	table, err := ledgerTable(root)
	if err != nil || !strings.Contains(table, "| rate |  | 222.5 |") || !strings.Contains(table, "| lost |  | 3.0 |") ||
		strings.Contains(table, "other") || !strings.Contains(table, "2026-01-02") {
		t.Errorf("%v\n%s", err, table)
	}
}
