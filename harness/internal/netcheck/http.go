package netcheck

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// get sends the same request each time. A http.Transport would start goroutines for every
// connection, which cost more than all the rest.
type get struct {
	stateless
	open       open
	at         netip.AddrPort
	asked      *http.Request
	request    []byte // the same, as it is sent
	status     int
	contains   []byte
	retryAfter time.Duration // 0: it is asked once
}

func newHTTP(check harness.HTTPCheck, open open) (*get, error) {
	at := check.At.String()
	path := check.Path
	if path == "" {
		path = "/"
	}
	if !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("the path %q of the HTTP check does not begin with a slash", path)
	}
	request, err := http.NewRequest(http.MethodGet, "http://"+at+path, nil)
	if err != nil {
		return nil, fmt.Errorf("make the request of the HTTP check: %w", err)
	}
	request.Host = check.Host // "" is the URL's
	request.Close = true
	request.Header.Set("User-Agent", "reprise")
	var sent bytes.Buffer
	if err := request.Write(&sent); err != nil {
		return nil, fmt.Errorf("write the request of the HTTP check: %w", err)
	}
	status := check.Status
	if status == 0 {
		status = http.StatusOK
	}
	return &get{
		open: open, at: check.At, asked: request, request: sent.Bytes(), status: status, contains: []byte(check.Contains),
		retryAfter: check.RetryAfter,
	}, nil
}

// readers are used again: each holds a buffer.
var readers = sync.Pool{New: func() any { return bufio.NewReader(nil) }}

// ask asks until the answer is yes, or else once.
func (g *get) ask(ctx context.Context) error {
	if g.retryAfter <= 0 {
		return g.try(ctx)
	}
	var said error
	for {
		err := g.tryPatiently(ctx)
		if err == nil {
			return nil
		}
		if said == nil || ctx.Err() == nil {
			said = err // of a try that the limit cuts short nobody learns anything
		}
		if ctx.Err() != nil {
			return said
		}
	}
}

// tryPatiently asks once, and lets the patience pass before it says no: who is turned away at once waits as long.
func (g *get) tryPatiently(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, g.retryAfter)
	defer cancel()
	err := g.try(ctx)
	if err != nil {
		<-ctx.Done()
	}
	return err
}

func (g *get) try(ctx context.Context) error {
	connection, err := g.open(ctx, "tcp", g.at)
	if err != nil {
		return plain(ctx, err, errNoConnection)
	}
	defer connection.Close()
	if _, err := connection.Write(g.request); err != nil {
		return plain(ctx, err, errNoAnswer)
	}
	reader := readers.Get().(*bufio.Reader) //nolint:forcetypeassert // the pool holds nothing else
	defer func() {
		reader.Reset(nil)
		readers.Put(reader)
	}()
	reader.Reset(connection)
	return g.read(ctx, reader)
}

// read reads one response and judges it.
func (g *get) read(ctx context.Context, reader *bufio.Reader) error {
	response, err := http.ReadResponse(reader, g.asked)
	for err == nil && response.StatusCode < http.StatusOK && response.StatusCode != http.StatusSwitchingProtocols {
		response, err = http.ReadResponse(reader, g.asked) // "please wait" comes before the answer
	}
	if err != nil {
		return plain(ctx, err, errNoAnswer)
	}
	defer response.Body.Close()
	if response.StatusCode != g.status {
		return errors.New("answered " + response.Status)
	}
	found, err := contains(response.Body, g.contains)
	if err != nil {
		return plain(ctx, err, errNoAnswer)
	}
	if !found {
		return fmt.Errorf("the body does not contain %q", g.contains)
	}
	return nil
}

// contains reads to the end and tells whether the text was there. It keeps no more than a piece.
func contains(from io.Reader, text []byte) (bool, error) {
	if len(text) == 0 {
		_, err := io.Copy(io.Discard, from)
		return true, err
	}
	piece := make([]byte, len(text)+1024)
	found, kept := false, 0
	for {
		n, err := from.Read(piece[kept:])
		seen := piece[:kept+n]
		found = found || bytes.Contains(seen, text)
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return false, err
		}
		// The text may have begun at the end of this piece.
		kept = copy(piece, seen[max(0, len(seen)-len(text)+1):])
	}
}
