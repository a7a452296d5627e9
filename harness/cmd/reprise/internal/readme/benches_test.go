package readme

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
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

// Goal: the track record shows the newest failover of routers, whatever other benches have run since; without any there is no
// table. Method: a report with it, and a newer one without.
func TestFailoverTableIsOfTheNewest(t *testing.T) {
	root := t.TempDir()
	if _, err := failoverTable(root); !errors.Is(err, errNoFailover) {
		t.Errorf("without a report the error is %v", err)
	}
	keepBench(t, root, "20261121-000000", `"group":"Outage of clients when routers fail over: handed over","name":"as they had it"`)
	keepBench(t, root, "20261122-000000", `"group":"Lab ready","name":"other"`)
	table, err := failoverTable(root)
	if err != nil || !strings.Contains(table, "| as they had it | handed over |") || !strings.Contains(table, "2026-11-21") {
		t.Errorf("%v\n%s", err, table)
	}
}

// keepBench leaves the report of a bench that began at the time of its name and has one figure.
func keepBench(t *testing.T, root, name, figure string) {
	t.Helper()
	started, err := time.Parse("20060102-150405", name)
	testkit.Must(t, err)
	text := fmt.Sprintf(`{"schema":"reprise.bench/v1","started":%q,"figures":[{%s}]}`, started.Format(time.RFC3339), figure)
	path := filepath.Join(module.RunsFolder(root), "bench", name+".json")
	testkit.Must(t, errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)))
}
