//go:build linux

package outages

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// patience is when a test takes silence for silence.
const patience = 100 * time.Millisecond

// Goal: every kind is away in its own way while it is cut, and as before when it is back. Method: each
// server on the loopback is asked before, during and after a cut, twice over.
func TestTargets(t *testing.T) {
	for _, test := range []struct {
		kind string
		ask  func(address string) error
		away error
	}{
		{"http-status", askHTTP, errStatus},
		{"http-refused", askHTTP, syscall.ECONNREFUSED},
		{"http-silent", askHTTP, os.ErrDeadlineExceeded},
		{"tcp-refused", askTCP, syscall.ECONNREFUSED},
		{"tcp-silent", askTCP, os.ErrDeadlineExceeded},
		{"dns-servfail", askDNS, errStatus},
		{"dns-silent", askDNS, os.ErrDeadlineExceeded},
	} {
		t.Run(test.kind, func(t *testing.T) {
			made, err := makers[test.kind](t.Context(), "127.0.0.1:0")
			testkit.Must(t, err)
			defer func() {
				testkit.Expect(t, made.close(), "")
			}()
			address := addressOf(t, made)
			for range 2 {
				if err := test.ask(address); err != nil {
					t.Errorf("while it is up: %v", err)
				}
				testkit.Must(t, made.cut(nil))
				if err := test.ask(address); !errors.Is(err, test.away) {
					t.Errorf("while it is away: %v", err)
				}
				testkit.Must(t, made.restore(nil))
			}
			if err := test.ask(address); err != nil {
				t.Errorf("when it is back: %v", err)
			}
		})
	}
}

// Goal: silence cuts no connection that was accepted before: the edge is the filter's, not some
// connection's. Method: a request is finished on a connection that was opened before the cut.
func TestSilenceLeavesConnections(t *testing.T) {
	made, err := startHTTP(t.Context(), "127.0.0.1:0", bySilence)
	testkit.Must(t, err)
	defer made.close()
	connection, err := net.Dial("tcp", made.address)
	testkit.Must(t, err)
	defer connection.Close()
	// The server has to have accepted it: half a request makes sure, as far as a test can.
	if _, err := io.WriteString(connection, "GET / HTTP/1.1\r\n"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(patience)
	testkit.Must(t, made.cut(nil))
	testkit.Must(t, connection.SetDeadline(time.Now().Add(5*time.Second)))
	if _, err := io.WriteString(connection, "Host: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(connection); err != nil || !strings.HasSuffix(string(answer), body) {
		t.Errorf("the answer is %q, %v", answer, err)
	}
}

// Goal: a description that makes no sense is one clear error. Method: each part wrong in turn.
func TestOpenRefuses(t *testing.T) {
	for _, description := range []string{
		"", "a-site", "a-site=http-refused", "=tcp-silent@127.0.0.1:0",
		"a=unheard-of@127.0.0.1:0", "a=echo@127.0.0.1", "a=tcp-silent@nowhere", "a=echo@203.0.113.1/32",
	} {
		if _, err := open(t.Context(), description); err == nil {
			t.Errorf("%q was started", description)
		}
	}
}

func addressOf(t *testing.T, made target) string {
	switch made := made.(type) {
	case *door:
		return made.address
	case *nameServer:
		return made.socket.LocalAddr().String()
	}
	t.Fatalf("%T has no address", made)
	return ""
}

var errStatus = errors.New("it says that it cannot")

func askHTTP(address string) error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), patience, os.ErrDeadlineExceeded)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address, nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errStatus
	}
	return nil
}

func askTCP(address string) error {
	connection, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		if failure, ok := errors.AsType[net.Error](err); ok && failure.Timeout() {
			return os.ErrDeadlineExceeded
		}
		return err
	}
	return connection.Close()
}

func askDNS(address string) error {
	name := dnsmessage.MustNewName("site.example.")
	message := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 1, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeAAAA, Class: dnsmessage.ClassINET}},
	}
	question, err := message.Pack()
	if err != nil {
		return err
	}
	connection, err := net.Dial("udp", address)
	if err != nil {
		return err
	}
	defer connection.Close()
	if _, err := connection.Write(question); err != nil {
		return err
	}
	if err := connection.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	answer := make([]byte, largestQuestion)
	n, err := connection.Read(answer)
	if err != nil {
		return err
	}
	if err := message.Unpack(answer[:n]); err != nil {
		return err
	}
	if message.RCode != dnsmessage.RCodeSuccess || len(message.Answers) != 1 {
		return errStatus
	}
	return nil
}
