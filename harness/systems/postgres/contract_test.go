package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/reprise-dr/reprise/harness/labtest"
)

// A fakeTable keeps rows.
type fakeTable struct {
	mutex sync.Mutex
	rows  map[int]string
}

// reply answers the queries of a ledger and of a probe.
func (f *fakeTable) reply(query string) []pgproto3.BackendMessage {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	var entry int
	_, values, inserts := strings.Cut(query, " values ")
	if !inserts && strings.HasPrefix(query, "select 1") {
		return found([]string{"entry"}, []string{"1"})
	}
	if !inserts {
		var rows [][]string
		for entry, text := range f.rows {
			rows = append(rows, []string{strconv.Itoa(entry), text})
		}
		return found([]string{"entry", "content"}, rows...)
	}
	if _, err := fmt.Sscanf(values, "(%d,", &entry); err != nil {
		return []pgproto3.BackendMessage{failure("ERROR", "42601", err.Error()), ready}
	}
	f.rows[entry] = content(entry)
	return []pgproto3.BackendMessage{complete("INSERT 0 1"), ready}
}

// Goal: the ledger and the probe do what all of them have to do. Method: the contracts, at a server in memory that keeps rows.
func TestContract(t *testing.T) {
	table := &fakeTable{rows: map[int]string{}}
	machine := server()
	machine.reply = table.reply
	lose := func(_ context.Context, entry int) error {
		table.mutex.Lock()
		defer table.mutex.Unlock()
		delete(table.rows, entry)
		return nil
	}
	labtest.Expect(t, labtest.TestProbe(t.Context(), machine, labtest.ProbeCase{Probe: Answers(database)}), "")
	rows := labtest.LedgerCase{Ledger: Table(database, "drill"), Lose: lose}
	labtest.Expect(t, labtest.TestLedger(t.Context(), machine, rows), "")
}

// Goal: what is asked of standbys, and the runbook that promotes one, do what all of them have to do. Method: the contracts, at
// servers in memory that say what is claimed.
func TestStandbyContract(t *testing.T) {
	current := server()
	current.reply = func(query string) []pgproto3.BackendMessage {
		if strings.HasPrefix(query, "select pg_current_wal_lsn()") {
			return said("0/3000060")
		}
		return found([]string{"said", "done"}, []string{"0/3000060", "t"})
	}
	for _, c := range []struct {
		server *fakeServer
		labtest.ProbeCase
	}{
		{server(said("off")...), labtest.ProbeCase{Probe: TakesWrites(database)}},
		{server(said("on")...), labtest.ProbeCase{Probe: ReadOnly(database)}},
		{server(said("streaming")...), labtest.ProbeCase{Probe: Streams(database)}},
		{current, labtest.ProbeCase{Probe: LagsLessThan(database, database, time.Second)}},
	} {
		labtest.Expect(t, labtest.TestProbe(t.Context(), c.server, c.ProbeCase), "")
	}
	promoted := labtest.RunbookCase{Runbook: Promote(database)}
	labtest.Expect(t, labtest.TestRunbook(t.Context(), server(found([]string{"done"}, []string{"t"})...), promoted), "")
}
