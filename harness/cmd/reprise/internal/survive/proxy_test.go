package survive

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// echoEngine answers every line with itself, and the end of what a client says with "bye".
func echoEngine(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "engine.sock")
	listener, err := net.Listen("unix", path)
	testkit.Must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				for lines := bufio.NewReader(connection); ; {
					line, err := lines.ReadString('\n')
					if err != nil {
						_, _ = io.WriteString(connection, "bye\n")
						return
					}
					_, _ = io.WriteString(connection, line)
				}
			}()
		}
	}()
	return path
}

func proxyTo(t *testing.T, engine string) *engineProxy {
	t.Helper()
	proxy, err := newEngineProxy(filepath.Join(t.TempDir(), "proxy.sock"), "unix://"+engine)
	testkit.Must(t, err)
	t.Cleanup(func() { _ = proxy.close() })
	return proxy
}

// dialProxy connects as a client of the engine does.
func dialProxy(t *testing.T, proxy *engineProxy) net.Conn {
	t.Helper()
	connection, err := (&net.Dialer{}).DialContext(context.Background(), "unix", proxy.path)
	testkit.Must(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

// ask says a line and returns the answer.
func ask(connection net.Conn, limit time.Duration) (string, error) {
	_ = connection.SetDeadline(time.Now().Add(limit))
	if _, err := io.WriteString(connection, "hello\n"); err != nil {
		return "", err
	}
	return bufio.NewReader(connection).ReadString('\n')
}

// Goal: the proxy passes everything on until it is cut, breaks what goes on then, refuses or keeps waiting who comes, and
// lets everybody through again afterwards.
// Method: an engine that echoes, and both kinds of a cut.
func TestProxyCutsAndRestores(t *testing.T) {
	for _, silent := range []bool{false, true} {
		proxy := proxyTo(t, echoEngine(t))
		open := dialProxy(t, proxy)
		if answer, err := ask(open, time.Second); answer != "hello\n" || err != nil {
			t.Fatalf("through the proxy: %q, %v", answer, err)
		}
		proxy.cutOff(silent)
		if answer, err := ask(open, time.Second); err == nil {
			t.Errorf("silent %v: a cut connection still answers %q", silent, answer)
		}
		during := dialProxy(t, proxy)
		answer, err := ask(during, 100*time.Millisecond)
		if waited := errors.Is(err, os.ErrDeadlineExceeded); err == nil || waited != silent {
			t.Errorf("silent %v: while it is cut: %q, %v", silent, answer, err)
		}
		proxy.restore()
		if _, err := ask(during, time.Second); err == nil {
			t.Errorf("silent %v: who came during the cut goes on afterwards", silent)
		}
		if answer, err := ask(dialProxy(t, proxy), time.Second); answer != "hello\n" || err != nil {
			t.Errorf("silent %v: afterwards: %q, %v", silent, answer, err)
		}
	}
}

// Goal: a client that has said everything still hears the rest, as somebody attached to a container does.
// Method: close the writing half, and read on.
func TestProxyPassesOnHalfAnEnd(t *testing.T) {
	connection := dialProxy(t, proxyTo(t, echoEngine(t)))
	testkit.Must(t, connection.(*net.UnixConn).CloseWrite())
	_ = connection.SetDeadline(time.Now().Add(time.Second))
	if answer, err := io.ReadAll(connection); string(answer) != "bye\n" || err != nil {
		t.Errorf("after half an end: %q, %v", answer, err)
	}
}

// Goal: an engine that cannot be cut off is told in a sentence, before anything runs. Method: one behind SSH.
func TestProxyRefusesOtherEngines(t *testing.T) {
	if _, err := newEngineProxy(filepath.Join(t.TempDir(), "proxy.sock"), "ssh://somebody@somewhere"); err == nil {
		t.Error("an engine behind SSH is taken")
	}
}
