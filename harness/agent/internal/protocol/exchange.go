package protocol

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"syscall"

	"github.com/reprise-dr/reprise/harness"
)

// The host in every URL. No name is looked up: the client's transport knows only one peer.
const base = "http://node"

// URL is where a path is found.
func URL(path string) string { return base + path }

// Call sends a request and decodes the reply into the value reply points to, unless it is nil.
func Call(ctx context.Context, client *http.Client, path string, request, reply any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	message, err := http.NewRequestWithContext(ctx, http.MethodPost, URL(path), bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := Do(client, message)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if reply == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(reply); err != nil {
		return fmt.Errorf("decode the reply: %w", err)
	}
	// What follows the value is a line's end; reading it lets the connection be used again.
	_, _ = io.Copy(io.Discard, response.Body)
	return nil
}

// Do sends an HTTP request and turns a refusal into the error that caused it.
func Do(client *http.Client, request *http.Request) (*http.Response, error) {
	response, err := client.Do(request)
	if err != nil {
		return nil, errors.Unwrap(err) // without the URL, which names no place a person knows
	}
	if err := Refusal(response); err != nil {
		return nil, err
	}
	return response, nil
}

// Refusal reads the error out of a response that is one, and closes its body.
func Refusal(response *http.Response) error {
	if response.StatusCode < http.StatusBadRequest {
		return nil
	}
	defer response.Body.Close()
	failure := &Failure{}
	if err := json.NewDecoder(response.Body).Decode(failure); err != nil {
		return fmt.Errorf("read why the request was refused with %s: %w", response.Status, err)
	}
	return failure
}

// Handle serves one kind of request.
func Handle[Request, Reply any](answer func(context.Context, Request) (Reply, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request Request
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			Refuse(w, fmt.Errorf("decode the request: %w", err))
			return
		}
		// The server notices that the caller has gone only once the body has been read to its end.
		_, _ = io.Copy(io.Discard, r.Body)
		reply, err := answer(r.Context(), request)
		if err != nil {
			Refuse(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(reply) // the only failure is a caller who has gone
	})
}

// Refuse answers with an error.
func Refuse(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnprocessableEntity)
	_ = json.NewEncoder(w).Encode(NewFailure(err)) // the only failure is a caller who has gone
}

// A Failure is an error that crossed the stream: its text, and what callers tell apart with errors.Is.
type Failure struct {
	Text string `json:"error"`
	Kind string `json:"kind,omitempty"`
}

// kinds are the errors that callers tell apart. They travel by name: their numbers differ between
// operating systems.
var kinds = map[string]error{
	"ECONNREFUSED":  syscall.ECONNREFUSED,
	"ECONNRESET":    syscall.ECONNRESET,
	"EPIPE":         syscall.EPIPE,
	"EHOSTUNREACH":  syscall.EHOSTUNREACH,
	"ENETUNREACH":   syscall.ENETUNREACH,
	"ETIMEDOUT":     syscall.ETIMEDOUT,
	"EADDRNOTAVAIL": syscall.EADDRNOTAVAIL,
	"ENOENT":        fs.ErrNotExist,
	"EROFS":         syscall.EROFS,
	"ENOSPC":        syscall.ENOSPC,
	"EIO":           syscall.EIO,
	"off":           harness.ErrOff,
}

// NewFailure describes an error.
func NewFailure(err error) *Failure {
	for name, kind := range kinds {
		if errors.Is(err, kind) {
			return &Failure{Text: err.Error(), Kind: name}
		}
	}
	return &Failure{Text: err.Error()}
}

// Error is the text of the error on the other side.
func (f *Failure) Error() string { return f.Text }

// Unwrap finds the error on this side that corresponds, if callers tell it apart.
func (f *Failure) Unwrap() error { return kinds[f.Kind] }
