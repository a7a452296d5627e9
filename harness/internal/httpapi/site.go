package httpapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"strings"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/redact"
)

// answerLimit is how much of an answer is read: a page of a list is far below it.
const answerLimit = 16 << 20

// A Site is one web site.
type Site struct {
	At   netip.AddrPort // where the connections go
	Host string         // of the Host header, by which a reverse proxy tells sites apart; "" means At
}

// String names the site as its visitors do, such as "blog.reprise.test".
func (s Site) String() string { return cmp.Or(s.Host, s.At.String()) }

// A Request is one request of the site's interface.
type Request struct {
	Method string
	Path   string      // with the query
	Header http.Header // besides the content's type and length
	Body   any         // sent as JSON; nil sends nothing
}

// An AnswerError is an answer with a status that is not 2xx.
type AnswerError struct {
	Status int
	Text   string // of the body, or of the message in it
}

// Error is such as "answered 404 Not Found: 404 page not found".
func (e *AnswerError) Error() string {
	answered := strings.TrimSpace(fmt.Sprintf("answered %d %s", e.Status, http.StatusText(e.Status)))
	if e.Text == "" {
		return answered
	}
	return answered + ": " + e.Text
}

// Write sends the request once, from the observer over a connection of its own, and reads the answer.
// What certainly changed nothing is an [harness.ErrRefused]; after any other error nobody knows.
func (s Site) Write(ctx context.Context, observer harness.Observer, request Request, answer any) error {
	traced, unsent := harness.Unsent(ctx)
	err := s.Ask(traced, harness.HTTPClient(observer, harness.VantageObserver), request, answer)
	if err != nil && (unsent() || refused(err)) {
		return fmt.Errorf("%w: %w", harness.ErrRefused, err)
	}
	return err
}

// Ask sends the request and reads the answer, if it is not nil.
func (s Site) Ask(ctx context.Context, client *http.Client, request Request, answer any) error {
	sent, err := s.request(ctx, request)
	if err != nil {
		return fmt.Errorf("make a request of %s: %w", request.Path, err)
	}
	once := *client
	// Whoever follows a redirect may send what it writes twice.
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := once.Do(sent)
	if err != nil {
		return harness.Plain(err)
	}
	defer response.Body.Close() //nolint:errcheck // read only: nothing can be lost by it
	body, err := io.ReadAll(io.LimitReader(response.Body, answerLimit+1))
	if err != nil {
		return fmt.Errorf("read the answer: %w", harness.Plain(err))
	}
	if response.StatusCode < http.StatusOK || response.StatusCode >= http.StatusMultipleChoices {
		return &AnswerError{response.StatusCode, message(body)}
	}
	if answer == nil {
		return nil
	}
	if len(body) > answerLimit {
		return fmt.Errorf("read the answer: it is longer than %d MiB", answerLimit>>20)
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

func (s Site) request(ctx context.Context, request Request) (*http.Request, error) {
	var body io.Reader
	if request.Body != nil {
		content, err := json.Marshal(request.Body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(content)
	}
	sent, err := http.NewRequestWithContext(ctx, request.Method, "http://"+s.At.String()+request.Path, body)
	if err != nil {
		return nil, err
	}
	maps.Copy(sent.Header, request.Header)
	if body != nil {
		sent.Header.Set("Content-Type", "application/json")
	}
	sent.Host = s.Host
	return sent, nil
}

// message is what an error's body says, in one line.
func message(body []byte) string {
	var answer struct{ Message string }
	text := string(body)
	if json.Unmarshal(body, &answer) == nil && answer.Message != "" {
		text = answer.Message
	}
	text = redact.Text(text) // before it is cut, which may leave half a secret
	const enough = 200
	if len(text) > enough {
		text = strings.ToValidUTF8(text[:enough], "") + "..."
	}
	return strings.Join(strings.Fields(text), " ")
}

// What a reverse proxy with nobody to pass a request on to says (Traefik, 503), and what those say who
// have begun a request and given it up (nginx and Traefik; OpenFGA with 400).
const (
	nobodyThere   = "no available server"
	statusGivenUp = 499
	givenUp       = "Request Cancelled"
)

// refused tells from an answer that nothing was written: whoever made a mistake (4xx) was turned away,
// and a proxy with no server behind it had nobody to send anything to. The other answers of a proxy
// (502, 504) leave open whether the request had arrived before the connection broke.
func refused(err error) bool {
	answer, answered := errors.AsType[*AnswerError](err)
	switch {
	case !answered, answer.Status == statusGivenUp, answer.Text == givenUp:
		return false
	case answer.Status == http.StatusServiceUnavailable:
		return answer.Text == nobodyThere
	}
	return answer.Status >= http.StatusBadRequest && answer.Status < http.StatusInternalServerError
}
