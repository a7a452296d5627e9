package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/reprise-dr/reprise/harness"
)

// tableInterval is the time between two writes.
const tableInterval = 100 * time.Millisecond

// Table is a ledger of rows, one every 100 ms, each inserted and committed over a connection of its
// own. [CreateTable] makes the table. A row is acknowledged when the server has answered the INSERT,
// which without an explicit transaction is the answer to the COMMIT.
func Table(database Database, table string) harness.Ledger { return ledger{database, table} }

// CreateTable makes the empty table of a ledger. One that is there already, whatever is in it, is an error.
func CreateTable(ctx context.Context, observer harness.Observer, database Database, table string) error {
	_, err := database.ask(ctx, observer, func(connection *pgx.Conn) error {
		_, err := connection.Exec(ctx, "create table "+quoted(table)+" (entry bigint primary key, content text not null)")
		return err
	})
	if err != nil {
		return fmt.Errorf("create table %s in %s: %w", table, database, err)
	}
	return nil
}

type ledger struct {
	database Database
	table    string
}

func (l ledger) Name() string            { return fmt.Sprintf("table %s of %s", l.table, l.database) }
func (l ledger) Interval() time.Duration { return tableInterval }

func (l ledger) Write(ctx context.Context, observer harness.Observer, entry int) error {
	connected, err := l.database.ask(ctx, observer, func(connection *pgx.Conn) error {
		done, err := connection.Exec(ctx, fmt.Sprintf("insert into %s values (%d, '%s')", quoted(l.table), entry, content(entry)))
		if err == nil && done.RowsAffected() != 1 {
			return fmt.Errorf("%w: the server says that it inserted %d rows", harness.ErrRefused, done.RowsAffected())
		}
		return err
	})
	if err != nil && (!connected || refused(err)) {
		return fmt.Errorf("%w: %w", harness.ErrRefused, err)
	}
	return err
}

func (l ledger) Entries(ctx context.Context, observer harness.Observer) ([]int, error) {
	var entries []int
	_, err := l.database.ask(ctx, observer, func(connection *pgx.Conn) error {
		rows, err := connection.Query(ctx, "select entry, content from "+quoted(l.table))
		if err != nil {
			return err
		}
		var (
			entry int
			text  string
		)
		_, err = pgx.ForEachRow(rows, []any{&entry, &text}, func() error {
			// A row that lost its content is not the entry that was acknowledged.
			if text == content(entry) {
				entries = append(entries, entry)
			}
			return nil
		})
		return err
	})
	return entries, err
}

// content is what the row of an entry holds besides its number.
func content(entry int) string { return "entry " + strconv.Itoa(entry) }

func quoted(table string) string { return pgx.Identifier{table}.Sanitize() }

// What SQL calls a statement that has failed and may yet be committed: one state, and a class of
// states about connections, such as 08007 (transaction resolution unknown).
const (
	statementCompletionUnknown = "40003"
	connectionException        = "08"
)

// refused tells from the error of an INSERT that it was certainly not committed: the server has
// answered that the statement failed, which takes back what it did. A server that ends the session
// (FATAL, PANIC) says nothing about the statement: it may have been committed, and only its answer be
// lost. The client's own word that nothing was sent (pgconn.SafeToRetry) is not taken: pgx 5.12 also
// gives it when the connection ends after the statement was sent.
func refused(err error) bool {
	answer, answered := errors.AsType[*pgconn.PgError](err)
	if !answered {
		return false
	}
	unknown := strings.HasPrefix(answer.Code, connectionException) || answer.Code == statementCompletionUnknown
	return severity(answer) == "ERROR" && !unknown
}

// severity is the one that is not translated; servers before 9.6 send the other one only.
func severity(answer *pgconn.PgError) string {
	if answer.SeverityUnlocalized != "" {
		return answer.SeverityUnlocalized
	}
	return answer.Severity
}
