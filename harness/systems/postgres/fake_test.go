package postgres

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

var database = Database{Node: "sql-1"}

// A fakeServer is a machine whose PostgreSQL speaks the protocol and knows what it is told.
type fakeServer struct {
	*labtest.Lab
	down   bool                      // nobody listens
	greet  []pgproto3.BackendMessage // the answer to a client who comes in; nil lets it in
	answer []pgproto3.BackendMessage // to every query; nil hangs up, an empty list says nothing
	// the answer to a query where they differ; nil: answer
	reply func(query string) []pgproto3.BackendMessage

	mutex   sync.Mutex
	dialled []string          // from, network and address
	startup map[string]string // what the last client said of itself
	queries []string
}

// server makes a server that gives each query the same answer.
func server(answer ...pgproto3.BackendMessage) *fakeServer {
	return &fakeServer{
		Lab: labtest.New(harness.Topology{Nodes: []harness.Node{
			{Name: "sql-1", IPv6: netip.MustParseAddr("fd00:d9::11"), System: harness.System{Command: []string{"postgres"}}},
		}}),
		answer: answer,
	}
}

func (s *fakeServer) Dial(ctx context.Context, from, network, address string) (net.Conn, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.dialled = append(s.dialled, fmt.Sprintf("%s %s %s", from, network, address))
	if s.down {
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	near, far := net.Pipe()
	go s.serve(far)
	return near, nil
}

// serve talks to one client until either has enough.
func (s *fakeServer) serve(connection net.Conn) {
	defer connection.Close()
	backend := pgproto3.NewBackend(connection, connection)
	message, err := backend.ReceiveStartupMessage()
	if err != nil {
		return
	}
	startup, isStartup := message.(*pgproto3.StartupMessage)
	if !isStartup {
		return // somebody who wants a query cancelled
	}
	s.mutex.Lock()
	s.startup = startup.Parameters
	s.mutex.Unlock()
	if s.greet != nil {
		_ = send(backend, s.greet)
		return
	}
	if send(backend, welcome) != nil {
		return
	}
	for {
		message, err := backend.Receive()
		if err != nil {
			return
		}
		query, isQuery := message.(*pgproto3.Query)
		if !isQuery {
			return
		}
		s.mutex.Lock()
		s.queries = append(s.queries, query.String)
		s.mutex.Unlock()
		answer := s.answer
		if s.reply != nil {
			answer = s.reply(query.String)
		}
		if answer == nil || send(backend, answer) != nil {
			return
		}
	}
}

func send(backend *pgproto3.Backend, messages []pgproto3.BackendMessage) error {
	for _, message := range messages {
		backend.Send(message)
	}
	return backend.Flush()
}

// asked are the queries so far.
func (s *fakeServer) asked() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.queries)
}

var (
	ready   = &pgproto3.ReadyForQuery{TxStatus: 'I'}
	welcome = []pgproto3.BackendMessage{
		&pgproto3.AuthenticationOk{},
		&pgproto3.ParameterStatus{Name: "standard_conforming_strings", Value: "on"},
		&pgproto3.ParameterStatus{Name: "client_encoding", Value: "UTF8"},
		&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{0, 0, 0, 1}},
		ready,
	}
	silence = []pgproto3.BackendMessage{}
)

func complete(tag string) pgproto3.BackendMessage {
	return &pgproto3.CommandComplete{CommandTag: []byte(tag)}
}

func failure(severity, code, message string) pgproto3.BackendMessage {
	return &pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: code, Message: message}
}

// found is the answer to a SELECT.
func found(columns []string, rows ...[]string) []pgproto3.BackendMessage {
	description := &pgproto3.RowDescription{}
	for _, column := range columns {
		kind := uint32(25) // text
		switch column {
		case "entry":
			kind = 20 // bigint
		case "done":
			kind = 16 // boolean
		}
		description.Fields = append(description.Fields, pgproto3.FieldDescription{
			Name: []byte(column), DataTypeOID: kind,
			TypeModifier: -1,
		})
	}
	answer := []pgproto3.BackendMessage{description}
	for _, row := range rows {
		data := &pgproto3.DataRow{}
		for _, value := range row {
			data.Values = append(data.Values, []byte(value))
		}
		answer = append(answer, data)
	}
	return append(answer, complete("SELECT "+strconv.Itoa(len(rows))), ready)
}

// expect checks that an error reads as wanted; "" wants none.
func expect(t *testing.T, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && err.Error() != want {
		t.Errorf("the error is %v, want %q", err, want)
	}
}
