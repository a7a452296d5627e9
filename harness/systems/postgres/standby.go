package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// standbyPeriod is how often a server is asked what it is.
const standbyPeriod = 500 * time.Millisecond

// TakesWrites claims that the server would let a transaction write, as it says itself every 200 ms. Nothing is written: a server
// that cannot, such as one whose disk is full, shows in a ledger ([Table]).
func TakesWrites(database Database) harness.Probe {
	return claim(fmt.Sprintf("%s takes writes", database), answersPeriod, database, func(readOnly bool) error {
		if readOnly {
			return errors.New("it is read-only")
		}
		return nil
	})
}

// ReadOnly claims that the server lets no transaction write, as a standby does. It is asked every 500 ms.
func ReadOnly(database Database) harness.Probe {
	return claim(fmt.Sprintf("%s is read-only", database), standbyPeriod, database, func(readOnly bool) error {
		if !readOnly {
			return errors.New("it takes writes")
		}
		return nil
	})
}

// claim is a probe of what the server says of its transactions.
func claim(label string, every time.Duration, database Database, holds func(readOnly bool) error) harness.Probe {
	return probe.Func{Label: label, Every: every, Ask: func(ctx context.Context, observer harness.Observer) error {
		var said string
		if err := database.read(ctx, observer, "select current_setting('transaction_read_only')", &said); err != nil {
			return err
		}
		return holds(said == "on")
	}}
}

// Streams claims that a standby is one, and gets from its primary what that writes: its WAL receiver says that it streams. A
// standby whose primary has lost its power says so for up to a minute more (wal_receiver_timeout). It is asked every 500 ms, as a
// user who may see that, such as postgres or one with pg_monitor.
func Streams(standby Database) harness.Probe {
	const question = "select case when pg_is_in_recovery() then coalesce((select status from pg_stat_wal_receiver), 'stopped') " +
		"else '' end"
	return probe.Func{
		Label: fmt.Sprintf("%s streams", standby), Every: standbyPeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			var receiver string
			err := standby.read(ctx, observer, question, &receiver)
			switch {
			case err != nil:
				return err
			case receiver == "":
				return errors.New("it is no standby")
			case receiver != "streaming":
				return fmt.Errorf("its WAL receiver is %s", receiver)
			}
			return nil
		},
	}
}

// lagPeriod is how often a lag is measured, which costs both servers a process.
const lagPeriod = time.Second

// LagsLessThan claims that a standby has replayed within the limit what its primary had written when asked. It is asked every
// second. The limit must be shorter than that of the question, which is two seconds unless the drill says otherwise.
func LagsLessThan(standby, primary Database, limit time.Duration) harness.Probe {
	return probe.Func{
		Label: fmt.Sprintf("%s lags less than %v behind %s", standby, limit, primary), Every: lagPeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			var written string
			if err := primary.read(ctx, observer, "select pg_current_wal_lsn()::text", &written); err != nil {
				return fmt.Errorf("ask %s how far it is: %w", primary, err)
			}
			return standby.replays(ctx, observer, written, limit)
		},
	}
}

// replayInterval is the time between two looks whether something is replayed.
const replayInterval = 20 * time.Millisecond

// replays returns nil when the standby has replayed what was written up to a place in the WAL, and an error when it has not
// within the limit.
func (d Database) replays(ctx context.Context, observer harness.Observer, written string, limit time.Duration) error {
	wait := harness.Wait{For: fmt.Sprintf("%s to have replayed %s", d, written), Interval: replayInterval, Limit: limit}
	_, err := d.ask(ctx, observer, func(connection *pgx.Conn) error {
		return wait.Until(ctx, func(ctx context.Context) error {
			var replayed string
			var there bool
			const question = "select coalesce(pg_last_wal_replay_lsn()::text, 'nothing'), " +
				"coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false)"
			if err := connection.QueryRow(ctx, question, written).Scan(&replayed, &there); err != nil {
				return err
			}
			if !there {
				return fmt.Errorf("it has replayed %s", replayed)
			}
			return nil
		})
	})
	return err
}

// read asks for one row over a connection of its own.
func (d Database) read(ctx context.Context, observer harness.Observer, question string, into ...any) error {
	_, err := d.ask(ctx, observer, func(connection *pgx.Conn) error { return connection.QueryRow(ctx, question).Scan(into...) })
	return err
}
