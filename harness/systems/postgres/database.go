package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/reprise-dr/reprise/harness"
)

// A Database is one database of one server, and who asks it.
type Database struct {
	Node string // the node of the server; required without At
	// an address of its own that the server is reached at, such as one that moves between nodes; the zero address means the
	// node's present one
	At       netip.Addr
	Port     uint16         // 0 means 5432
	Name     string         // "" means "postgres"
	User     string         // "" means "postgres"
	Password harness.Secret // the zero Secret for a server that trusts its network; named alone: the topology's of that name
}

// The defaults of PostgreSQL itself.
const (
	defaultPort = 5432
	defaultName = "postgres"
	defaultUser = "postgres"
)

// String says where it is, such as "postgres on sql-1".
func (d Database) String() string {
	if d.At.IsValid() {
		return cmp.Or(d.Name, defaultName) + " at " + d.At.String()
	}
	return cmp.Or(d.Name, defaultName) + " on " + d.Node
}

// ask opens a connection, hands it over, and closes it whatever became of it. The bool is true when
// there was a connection: without one nothing can have been written.
func (d Database) ask(ctx context.Context, observer harness.Observer, talk func(*pgx.Conn) error) (connected bool, err error) {
	configuration, err := d.configuration(ctx, observer)
	if err != nil {
		return false, err
	}
	connection, err := pgx.ConnectConfig(ctx, configuration)
	if err != nil {
		return false, plain(err)
	}
	defer connection.Close(ctx) //nolint:errcheck // everything was answered: nothing can be lost by it
	return true, plain(talk(connection))
}

// address is where the server is now.
func (d Database) address(observer harness.Observer) (netip.Addr, error) {
	if d.At.IsValid() {
		return d.At, nil
	}
	now, err := observer.Addresses(d.Node)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("look up the addresses of %s: %w", d.Node, err)
	}
	return now.IPv6, nil
}

// configuration says how to connect. The environment of the person who runs the drill (PGHOST and its
// like) has no part in it.
func (d Database) configuration(ctx context.Context, observer harness.Observer) (*pgx.ConnConfig, error) {
	address, err := d.address(observer)
	if err != nil {
		return nil, err
	}
	configuration, err := pgx.ParseConfig("host=" + address.String() + " sslmode=disable target_session_attrs=any")
	if err != nil {
		return nil, fmt.Errorf("describe the connection to %s: %w", d, err)
	}
	configuration.Port = cmp.Or(d.Port, defaultPort)
	configuration.Database = cmp.Or(d.Name, defaultName)
	configuration.User = cmp.Or(d.User, defaultUser)
	if configuration.Password, err = d.Password.In(observer.Topology()); err != nil {
		return nil, fmt.Errorf("describe the connection to %s: %w", d, err)
	}
	configuration.RuntimeParams = map[string]string{"application_name": "reprise"}
	configuration.ConnectTimeout = 0 // the context's deadline is the only one
	configuration.Fallbacks = nil
	configuration.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	configuration.DialFunc = func(_ context.Context, network, address string) (net.Conn, error) {
		// After a question that was broken off the client asks the server to cancel it, over another
		// connection and for up to 15 s. With the question's own context that ends with the question.
		return observer.Dial(ctx, harness.VantageObserver, network, address)
	}
	// One round trip for a statement, and nothing prepared that a server would have to keep.
	configuration.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	return configuration, nil
}

// errHungUp is a connection that ended where an answer should have been. It does not wrap the client's
// error, which says that nothing was sent.
var errHungUp = errors.New("the connection ended before the answer")

// plain turns a client's error into what a reader of a report wants: without user, database and
// address, which say where the harness looked and not what is wrong.
func plain(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return harness.Plain(err)
	}
	if errors.Is(err, pgconn.ErrConnClosed) {
		return errHungUp
	}
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return answer
	}
	if failed, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return reason(failed.Unwrap())
	}
	return err
}

// reason is why the only address that was tried did not do.
func reason(err error) error {
	if tried, ok := err.(interface{ Unwrap() []error }); ok && len(tried.Unwrap()) == 1 {
		err = tried.Unwrap()[0]
	}
	if inner := errors.Unwrap(err); inner != nil { // without the address in front
		return inner
	}
	return err
}
