package drbd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/httpapi"
)

// firstChoice is how long a client waits for one machine before it asks the other. A machine that
// is software, on two busy processors, has been seen to take half of it.
const firstChoice = 900 * time.Millisecond

// errElsewhere is the answer of a machine that has not mounted the disk.
var errElsewhere = errors.New("the disk is not mounted there")

// get reads a page of a machine's web server, from the observer.
func (p Pair) get(ctx context.Context, observer harness.Observer, node, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.at[node].String()+path, nil)
	if err != nil {
		return "", err
	}
	response, err := harness.HTTPClient(observer, harness.VantageObserver).Do(request)
	if err != nil {
		return "", harness.Plain(err)
	}
	defer response.Body.Close() //nolint:errcheck // read only: nothing can be lost by it
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return "", harness.Plain(err)
	case response.StatusCode == http.StatusConflict:
		return "", errElsewhere
	case response.StatusCode != http.StatusOK:
		return "", fmt.Errorf("answered %s", response.Status)
	}
	return string(text), nil
}

// statusLimit is how long a machine's web server may take to say what DRBD says.
const statusLimit = 2 * time.Second

// status asks a machine's web server what DRBD says. Probes that ask at the same time share one answer: a
// machine that is software has little to spare for being looked at.
func (p Pair) status(ctx context.Context, observer harness.Observer, node string) (Status, error) {
	answer := p.asked.DoChan(node, func() (any, error) {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), statusLimit)
		defer cancel()
		text, err := p.get(limited, observer, node, statusPath)
		if err != nil {
			return Status{}, err
		}
		return ParseStatus(text)
	})
	select {
	case <-ctx.Done():
		return Status{}, harness.Plain(ctx.Err())
	case given := <-answer:
		status, _ := given.Val.(Status)
		return status, given.Err
	}
}

// write has one machine append a row. What was certainly not written is a [harness.ErrRefused].
func (p Pair) write(ctx context.Context, observer harness.Observer, node string, entry int) error {
	var written int
	request := httpapi.Request{Method: http.MethodPost, Path: rowsPath, Body: entry}
	if err := (httpapi.Site{At: p.at[node]}).Write(ctx, observer, request, &written); err != nil {
		return err
	}
	if written != entry {
		return fmt.Errorf("%s acknowledged the row %d for %d", node, written, entry)
	}
	return nil
}
