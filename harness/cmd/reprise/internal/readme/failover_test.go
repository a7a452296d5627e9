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
)

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
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`{"schema":"reprise.bench/v1","started":%q,"figures":[{%s}]}`, started.Format(time.RFC3339), figure)
	path := filepath.Join(module.RunsFolder(root), "bench", name+".json")
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}
